//! Journeys through the console and its app, in a headless browser.
//!
//! `.ci/browser` runs it: it finds a browser and hands over the address of a running stack. Each journey is a person with a browser of its
//! own: cookies, storage and tabs of one journey are not seen by another. A journey also fails if a page throws, or asks for something that
//! its content security policy forbids. Pictures of what was seen are left in a folder, for people to look at.

mod driver;
mod journeys;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chromiumoxide::{Browser, BrowserConfig};
use clap::Parser;
use futures_util::StreamExt as _;

use crate::driver::{Outcome, Visitor};

/// The longest that one journey may take.
const LONGEST: Duration = Duration::from_mins(3);

/// Runs journeys through the console of a running stack.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the start page is.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    console: String,

    /// The browser: Chromium, Chrome, or another one that speaks the DevTools protocol.
    #[arg(long, value_name = "PROGRAM")]
    chrome: PathBuf,

    /// Run the browser without its sandbox, which does not work for root.
    #[arg(long)]
    no_sandbox: bool,

    /// Where to leave pictures.
    #[arg(long, value_name = "FOLDER", default_value = "target/browser")]
    pictures: PathBuf,

    /// Only journeys whose name has this in it.
    journey: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(cause) => {
            say(&format!("browser: {cause}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns how many journeys failed.
async fn run(arguments: Arguments) -> Outcome<usize> {
    std::fs::create_dir_all(&arguments.pictures)?;
    // A profile of its own: two runs side by side must not share one.
    let profile = tempfile::TempDir::with_prefix("quintet-browser-")?;
    let mut config = BrowserConfig::builder()
        .chrome_executable(&arguments.chrome)
        .user_data_dir(profile.path())
        .new_headless_mode()
        .disable_https_first()
        .viewport(None)
        .window_size(1200, 900)
        .arg("--lang=ru");
    if arguments.no_sandbox {
        config = config.no_sandbox();
    }
    let (mut browser, mut handler) = Browser::launch(config.build()?).await?;
    let pump = driver::background(async move { while handler.next().await.is_some() {} });
    let failed = travel(&browser, &arguments).await;
    browser.close().await?;
    browser.wait().await?;
    pump.await?;
    failed
}

async fn travel(browser: &Browser, arguments: &Arguments) -> Outcome<usize> {
    let wanted = arguments.journey.as_deref().unwrap_or_default();
    let (mut done, mut failed) = (0, 0);
    for (name, journey) in journeys::ALL.iter().filter(|(name, _)| name.contains(wanted)) {
        let begun = Instant::now();
        let visitor = Visitor::arrive(browser, &arguments.console, &arguments.pictures, name).await?;
        let outcome = match tokio::time::timeout(LONGEST, journey(&visitor)).await {
            Ok(Ok(())) => visitor.complaints(),
            Ok(Err(cause)) => {
                visitor.picture("failed").await?;
                Err(cause)
            }
            Err(_) => Err("it takes too long: the browser does not answer".into()),
        };
        visitor.leave().await?;
        done += 1;
        let seconds = begun.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => say(&format!("ok      {name} ({seconds:.1} s)")),
            Err(cause) => {
                failed += 1;
                say(&format!("FAILED  {name} ({seconds:.1} s): {cause}"));
            }
        }
    }
    if done == 0 {
        return Err(format!("no journey has {wanted:?} in its name").into());
    }
    say(&format!("{done} journeys, {failed} failed; pictures are in {}", arguments.pictures.display()));
    Ok(failed)
}

/// Writes to a terminal that may be gone, which is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
