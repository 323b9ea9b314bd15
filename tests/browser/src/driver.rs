//! A person with a browser: opens pages, presses what is written on buttons, fills in what labels ask for, and waits for what appears.
//!
//! Waiting happens inside the page, which answers as soon as it is as wanted; nothing here sleeps.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chromiumoxide::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide::cdp::browser_protocol::emulation::{MediaFeature, SetDeviceMetricsOverrideParams};
use chromiumoxide::cdp::browser_protocol::input::InsertTextParams;
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel, LogEntrySource};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::browser_protocol::target::{CreateBrowserContextParams, CreateTargetParams};
use chromiumoxide::cdp::js_protocol::runtime::{EvaluateParams, EventExceptionThrown};
use chromiumoxide::page::ScreenshotParams;
use chromiumoxide::{Browser, Page};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What a step comes to.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long anything may take to appear. Runs of tools take seconds.
const TIMEOUT: Duration = Duration::from_secs(40);

/// How long one question to the page may take. A page that is left while it is asked never answers.
const QUESTION_MILLISECONDS: u64 = 1000;

/// What every question can use: elements by what a person sees of them.
const HELPERS: &str = r#"
const visible = (element) => element.checkVisibility({ visibilityProperty: true });
const words = (element) => element.innerText.replace(/\s+/g, " ").trim();
const all = (selector) => [...document.querySelectorAll(selector)].filter(visible);
const seen = (selector, text) => all(selector).find((element) => words(element).includes(text));
const pressable = (text) => {
  const candidates = all("a[href], button, [role=button], input[type=submit], summary");
  const name = (element) => (element.value && element.tagName === "INPUT" ? element.value : words(element));
  return candidates.find((element) => name(element) === text) || candidates.find((element) => name(element).includes(text));
};
const labelled = (text) => {
  const label = all("label").find((candidate) => words(candidate).startsWith(text));
  return label && label.control;
};
"#;

/// Work that goes on beside the journey and ends with the browser.
#[expect(clippy::disallowed_methods, reason = "a command of its own, not a function that may be frozen")]
pub(crate) fn background(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(work)
}

/// A person with a browser window that nobody else shares.
pub(crate) struct Visitor<'b> {
    browser: &'b Browser,
    page: Page,
    context: BrowserContextId,
    console: String,
    pictures: PathBuf,
    journey: String,
    complaints: Arc<Mutex<Vec<String>>>,
    telephone: AtomicBool,
}

impl<'b> Visitor<'b> {
    /// Opens a fresh window.
    pub(crate) async fn arrive(browser: &'b Browser, console: &str, pictures: &Path, journey: &str) -> Outcome<Self> {
        let context = browser.create_browser_context(CreateBrowserContextParams::default()).await?;
        Self::tab(browser, context, console, pictures, journey.replace(' ', "-")).await
    }

    /// Another tab of the same window: the same cookies, but a session storage of its own.
    pub(crate) async fn another_tab(&self) -> Outcome<Self> {
        Self::tab(self.browser, self.context.clone(), &self.console, &self.pictures, self.journey.clone()).await
    }

    async fn tab(
        browser: &'b Browser,
        context: BrowserContextId,
        console: &str,
        pictures: &Path,
        journey: String,
    ) -> Outcome<Self> {
        let target = CreateTargetParams::builder().url("about:blank").browser_context_id(context.clone()).build()?;
        let visitor = Self {
            browser,
            page: browser.new_page(target).await?,
            context,
            console: console.trim_end_matches('/').to_owned(),
            pictures: pictures.to_owned(),
            journey,
            complaints: Arc::default(),
            telephone: AtomicBool::default(),
        };
        visitor.listen().await?;
        Ok(visitor)
    }

    /// Collects what pages complain of.
    async fn listen(&self) -> Outcome {
        let mut exceptions = self.page.event_listener::<EventExceptionThrown>().await?;
        let mut entries = self.page.event_listener::<EventEntryAdded>().await?;
        self.page.enable_runtime().await?;
        self.page.enable_log().await?;
        let complaints = Arc::clone(&self.complaints);
        let add = move |text: String| complaints.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        let note = add.clone();
        drop(background(async move {
            while let Some(event) = exceptions.next().await {
                let details = &event.exception_details;
                let thrown = details.exception.as_ref().and_then(|thrown| thrown.description.clone());
                add(format!("thrown: {}", thrown.unwrap_or_else(|| details.text.clone())));
            }
        }));
        drop(background(async move {
            while let Some(event) = entries.next().await {
                let entry = &event.entry;
                // Answers such as 401 are entries of the network, and are what some journeys are about.
                if entry.level == LogEntryLevel::Error && entry.source != LogEntrySource::Network {
                    note(format!("{}: {}", entry.source.as_ref(), entry.text));
                }
            }
        }));
        Ok(())
    }

    /// Fails if a page threw, or broke its content security policy.
    pub(crate) fn complaints(&self) -> Outcome {
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("; ").into()) }
    }

    /// Closes the window and forgets its cookies.
    pub(crate) async fn leave(self) -> Outcome {
        self.browser.dispose_browser_context(self.context).await?;
        Ok(())
    }

    fn address(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.console) }
    }

    /// Opens a path of the console, or an address.
    pub(crate) async fn open(&self, path: &str) -> Outcome {
        // Another fragment of the same page would not be a load, and is waited for in vain.
        self.page.goto("about:blank").await?;
        self.page.goto(self.address(path)).await?;
        Ok(())
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) -> Outcome {
        self.page.reload().await?;
        Ok(())
    }

    /// Asks the page; promises are awaited.
    pub(crate) async fn ask(&self, expression: &str) -> Outcome<Value> {
        let expression = format!("(async () => {{ {HELPERS} return ({expression}); }})()");
        let question = EvaluateParams::builder().expression(expression).await_promise(true).return_by_value(true);
        let answer = self.page.evaluate_expression(question.build()?).await?;
        Ok(answer.value().cloned().unwrap_or_default())
    }

    /// Waits until an expression is true for the page, and returns its value. `what` is for the message if it never is.
    pub(crate) async fn wait(&self, what: &str, expression: &str) -> Outcome<Value> {
        let question = format!(
            "new Promise((resolve) => {{
                const end = performance.now() + {QUESTION_MILLISECONDS};
                const check = () => {{
                    let value = null;
                    try {{ value = ({expression}); }} catch {{ /* Not there yet. */ }}
                    if (value) resolve(value);
                    else if (performance.now() > end) resolve(null);
                    else setTimeout(check, 25);
                }};
                check();
            }})"
        );
        let begun = Instant::now();
        let mut trouble = String::new();
        while begun.elapsed() < TIMEOUT {
            let limit = Duration::from_millis(QUESTION_MILLISECONDS * 5);
            match tokio::time::timeout(limit, self.ask(&question)).await {
                Ok(Ok(Value::Null)) => {}
                Ok(Ok(value)) => return Ok(value),
                // The page was left while it was asked.
                Ok(Err(cause)) => trouble = format!(" ({cause})"),
                Err(_) => " (the page does not answer)".clone_into(&mut trouble),
            }
        }
        let shown = self.ask("words(document.body).slice(0, 600)").await.unwrap_or_default();
        Err(format!("never: {what}{trouble}; the page shows: {shown}").into())
    }

    /// Waits until an element that `selector` finds shows `text`, and returns all that it shows.
    pub(crate) async fn see(&self, selector: &str, text: &str) -> Outcome<String> {
        let what = format!("{text:?} in {selector}");
        let found = self.wait(&what, &format!("words(seen({}, {}) )", json!(selector), json!(text))).await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until nothing that `selector` finds shows `text`.
    pub(crate) async fn see_no(&self, selector: &str, text: &str) -> Outcome {
        let what = format!("no {text:?} in {selector}");
        self.wait(&what, &format!("!seen({}, {})", json!(selector), json!(text))).await.map(drop)
    }

    /// Presses the button or follows the link that says `text`, with the mouse.
    pub(crate) async fn press(&self, text: &str) -> Outcome {
        self.click(&format!("{text:?} to press"), &format!("pressable({})", json!(text))).await
    }

    /// Presses what `selector` finds.
    pub(crate) async fn press_at(&self, selector: &str) -> Outcome {
        self.click(selector, &format!("all({})[0]", json!(selector))).await
    }

    async fn click(&self, what: &str, element: &str) -> Outcome {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let begun = Instant::now();
        loop {
            let mark = format!("m{}", SERIAL.fetch_add(1, Ordering::Relaxed));
            self.wait(what, &format!("({element}).setAttribute('data-mark', '{mark}') === undefined")).await?;
            // The page may draw itself anew between the two; nothing was pressed then.
            match self.click_mark(&mark).await {
                Err(cause) if begun.elapsed() > TIMEOUT => return Err(format!("{what}: {cause}").into()),
                Err(_) => {}
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn click_mark(&self, mark: &str) -> Outcome {
        self.page.bring_to_front().await?;
        self.page.find_element(format!("[data-mark={mark}]")).await?.click().await?;
        Ok(())
    }

    /// Types `text` into the field with this label, in place of what it has.
    pub(crate) async fn fill(&self, label: &str, text: &str) -> Outcome {
        let field = format!("labelled({})", json!(label));
        self.wait(
            &format!("the field {label:?}"),
            &format!("({field}).focus() === undefined && (({field}).select?.(), true)"),
        )
        .await?;
        self.page.execute(InsertTextParams::new(text)).await?;
        Ok(())
    }

    /// Chooses an option of the list with this label, by what the option says.
    pub(crate) async fn choose(&self, label: &str, option: &str) -> Outcome {
        let choose = format!(
            "((list) => {{
                const option = [...list.options].find((option) => option.text.includes({option}));
                list.value = option.value;
                list.dispatchEvent(new Event('change', {{ bubbles: true }}));
                return true;
            }})(labelled({label}))",
            option = json!(option),
            label = json!(label),
        );
        self.wait(&format!("{option:?} in the list {label:?}"), &choose).await.map(drop)
    }

    /// Presses a key, such as `Enter`, where the focus is.
    pub(crate) async fn key(&self, key: &str) -> Outcome {
        self.page.find_element(":focus").await?.press_key(key).await?;
        Ok(())
    }

    /// Waits until the address is this path, with its fragment, and whatever query.
    pub(crate) async fn arrive_at(&self, path: &str) -> Outcome {
        let here = "location.pathname + location.hash";
        self.wait(&format!("the address {path}"), &format!("{here} === {}", json!(path))).await.map(drop)
    }

    /// Turns the page dark or light.
    pub(crate) async fn prefer(&self, scheme: &str) -> Outcome {
        self.page.emulate_media_features(vec![MediaFeature::new("prefers-color-scheme", scheme)]).await?;
        Ok(())
    }

    /// Makes the window as wide as a telephone.
    pub(crate) async fn hold_a_telephone(&self) -> Outcome {
        self.telephone.store(true, Ordering::Relaxed);
        self.page.execute(SetDeviceMetricsOverrideParams::new(390, 844, 2.0, true)).await?;
        Ok(())
    }

    /// Leaves a picture of the whole page.
    pub(crate) async fn picture(&self, name: &str) -> Outcome {
        // A tab behind another one is not drawn.
        self.page.bring_to_front().await?;
        let path = self.pictures.join(format!("{}-{name}.png", self.journey));
        let parameters = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).full_page(true).build();
        self.page.save_screenshot(parameters, path).await?;
        // A picture of the whole page makes the window as large as the page, and then as it was at first.
        if self.telephone.load(Ordering::Relaxed) { self.hold_a_telephone().await } else { Ok(()) }
    }
}

/// An address that nobody has registered yet, however often this runs against the same stack.
pub(crate) fn new_email() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};

    // The seed of the standard library's hasher is random; a dependency for this alone is not worth it.
    format!("browser-{:x}@example.com", RandomState::new().build_hasher().finish())
}
