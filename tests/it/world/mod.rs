//! A world of its own for each test: a product as its templates declare it, in a stack of its own, with a clock that only moves when told to, and
//! ids that repeat.
//!
//! Requests go through the product's front door without a connection and queues are delivered by hand, so a test decides what happens when, and
//! nothing sleeps. What a test changes, it changes by the parameters of the root template.

mod clock;
mod described;
pub mod events;
mod faults;
mod http;
mod permissions;
mod products;
mod sockets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use domain::generation::Jobs;
use domain::kernel::{Clock, UserId};
use domain::ledger::{Audit, Check, Ledger};
use edge::{Platform, Vars};
use quintet::settings::{Parameters, sandboxed};
use quintet::sqs::{Engine, Message};
use quintet::template::Template;
use quintet::{Stack, StackOptions};
use serde_json::{Value, json};
use store::{Aws, Table};

pub use clock::{HandClock, SerialIds};
pub use faults::{Action, Faults};
pub use http::{Reply, request};
pub use permissions::Denied;
pub use products::{PRODUCTS, Product, product};
pub use sockets::Subscribers;

/// The templates, which no test changes.
pub static TEMPLATE: LazyLock<Arc<Template>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    Arc::new(Template::load(&root).expect("template"))
});

/// Everything of one product.
pub struct World {
    pub product: &'static Product,
    /// Functions, gateways and engines.
    pub stack: Stack,
    /// The clock of all of them.
    pub clock: Arc<HandClock>,
    /// What goes wrong with functions' AWS calls.
    pub faults: Faults,
    /// The WebSocket connections and what they were sent.
    pub subscribers: Subscribers,
    /// The queues.
    pub sqs: Engine,
    /// The product's table, past all faults.
    pub table: Table,
    /// What all functions together are given, with all permissions.
    pub platform: Platform,
    /// Where the outside companies are.
    pub sandbox: String,
    /// Size of the last answer's body, in bytes.
    pub answered: Arc<AtomicUsize>,
    denied: Denied,
    /// Those that are not as in a local run.
    parameters: Parameters,
    /// Whether the books are to be checked when the world ends.
    honest: AtomicBool,
    /// Whether functions may meet objects that are not there any more.
    objects_go_away: AtomicBool,
}

impl Drop for World {
    /// Whatever a test did, functions did what they may, and every account's balance is the sum of its entries.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut denied = self.denied.all();
        if self.objects_go_away.load(Ordering::SeqCst) {
            denied.retain(|refusal| !refusal.contains("s3:ListBucket"));
        }
        assert!(denied.is_empty(), "the template does not permit what functions do: {denied:#?}");
        if !self.honest.load(Ordering::SeqCst) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        tokio::task::block_in_place(|| runtime.block_on(self.check_books()));
    }
}

impl World {
    /// A product with these parameters; the others are those of the usual world, or of a local run.
    pub async fn of(product: &'static Product, parameters: &[(&str, &str)]) -> Self {
        let clock = Arc::new(HandClock::default());
        let (faults, denied) = (Faults::default(), Denied::default());
        let mut options = StackOptions {
            template: Some(Arc::clone(&TEMPLATE)),
            product: Some(product.name.to_owned()),
            clock: clock.clone(),
            ids: Arc::new(SerialIds::default()),
            parameters: product.usual(),
            http_clients: Some(denied.http_clients(&faults)),
            ..StackOptions::for_tests()
        };
        for (name, value) in parameters {
            if *name == SANDBOX_PACE {
                options.sandbox_pace = Duration::from_millis(value.parse().expect("milliseconds"));
            }
        }
        let given = parameters.iter().filter(|(name, _)| *name != SANDBOX_PACE);
        options.parameters.extend(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let parameters = options.parameters.clone();
        let stack = Stack::start(options).await.expect("stack");
        let platform = platform(&stack, &faults);
        let mut settings = edge::aws_settings(&platform.vars).expect("AWS settings");
        settings.http_client = Some(faults.network());
        let table = Table::new(Aws::new(settings).dynamodb(), stack.table_name(product.name).expect("table"));
        Self {
            product,
            clock,
            subscribers: faults.subscribers().clone(),
            faults,
            sqs: stack.sqs().clone(),
            table,
            platform,
            sandbox: stack.sandbox_url(),
            answered: Arc::default(),
            denied,
            parameters,
            honest: true.into(),
            objects_go_away: false.into(),
            stack,
        }
    }

    /// Deploys again with other parameters: all functions start anew, as fresh Lambda instances would.
    pub fn update(&mut self, parameters: &[(&str, &str)]) {
        // The sandbox leaves a vendor alone as soon as one of its parameters is set; here it still plays what is not.
        let is_changed = |name: &str| parameters.iter().any(|(changed, _)| vendor(changed) == vendor(name));
        for (name, value) in self.sandboxed().into_iter().filter(|(name, _)| is_changed(name)) {
            self.parameters.entry(name).or_insert(value);
        }
        self.parameters.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.stack.update(self.parameters.clone()).expect("update");
        self.platform = platform(&self.stack, &self.faults);
    }

    /// The parameters with which the sandbox plays vendors.
    pub fn sandboxed(&self) -> Parameters {
        sandboxed(&TEMPLATE.parameters().collect(), &self.sandbox, self.stack.sandbox_key())
    }

    /// Replaces the secret with the keys of tokens, and deploys again.
    pub fn change_token_keys(&mut self, keys: &str) {
        let name = format!("{}-TokenKeys", self.product.prefix());
        self.stack.secrets().put(&name, keys).expect("secret");
        self.update(&[]);
    }

    /// What the functions sign tokens with.
    pub fn token_keys(&self) -> &str {
        self.variable("TOKEN_KEYS")
    }

    /// A variable of the product's functions.
    #[track_caller]
    pub fn variable(&self, name: &str) -> &str {
        self.platform.vars.get(name).unwrap_or_else(|| panic!("no function has {name}"))
    }

    /// Invokes a function with an event.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let answer = self.stack.invoke(function, event).await.map_err(|error| error.to_string())?;
        Ok(serde_json::from_str(answer.get()).expect("answer is JSON"))
    }

    /// Receives one batch of what is in a queue now and has its worker handle it. Returns how many messages there were.
    pub async fn deliver(&self, queue: &str) -> usize {
        self.stack.deliver(queue).await.expect("queue")
    }

    /// Delivers until the queue is empty. Returns how many messages there were.
    pub async fn drain(&self, queue: &str) -> usize {
        let mut delivered = 0;
        loop {
            match self.deliver(queue).await {
                0 => return delivered,
                more => delivered += more,
            }
        }
    }

    /// Takes what is in a queue out of it, at most ten messages.
    pub async fn take(&self, queue: &str) -> Vec<Message> {
        let queue = self.stack.queue_name(queue).expect("queue");
        let messages = self.sqs.receive(queue, 10, Duration::ZERO).await.expect("messages");
        let handles = messages.iter().map(|message| message.receipt_handle.clone()).collect();
        self.sqs.delete(queue, handles).await.expect("delete");
        messages
    }

    /// Messages of the queue that fail, or whose worker dies, come again after a minute instead of when their template says.
    pub async fn redeliver_soon(&self, queue: &str) {
        let url = self.sqs.queue_url(self.stack.queue_name(queue).expect("queue"));
        let change = self.platform.aws.sqs().set_queue_attributes().queue_url(url);
        change.attributes(QueueAttributeName::VisibilityTimeout, "60").send().await.expect("attributes");
        self.faults.seen();
    }

    /// Receives one message and returns the event that its worker would get.
    pub async fn receive_event(&self, queue: &str) -> Value {
        let queue = self.stack.queue_name(queue).expect("queue");
        let messages = self.sqs.receive(queue, 1, Duration::ZERO).await.expect("queue");
        let message = messages.first().expect("a message is waiting");
        json!({ "Records": [message.event_record(&self.sqs.queue_arn(queue), "eu-central-1")] })
    }

    /// Runs the sweeper.
    pub async fn sweep(&self) {
        self.try_sweep().await.expect("a clean sweep");
    }

    /// Runs the sweeper, which may fail.
    pub async fn try_sweep(&self) -> Result<(), String> {
        self.run_schedule("maintenance-cron").await
    }

    /// Runs one of the product's schedules.
    pub async fn run_schedule(&self, name: &str) -> Result<(), String> {
        let function = format!("{}-{name}", self.product.name);
        self.stack.run_schedule(&function).await.map_err(|error| error.to_string())
    }

    /// How many messages wait in a queue, in flight or not.
    pub async fn queued(&self, queue: &str) -> u64 {
        let counts = self.sqs.counts().await.expect("counts");
        let counts = counts.get(self.stack.queue_name(queue).expect("queue"));
        counts.map_or(0, |counts| counts.visible + counts.in_flight + counts.delayed)
    }

    /// How many messages are in the dead-letter queue of a queue.
    pub async fn dead(&self, queue: &str) -> u64 {
        self.queued(&queue.replace("Queue", "DeadLetters")).await
    }

    /// The product's jobs, past all faults but those of objects.
    pub fn jobs(&self) -> Jobs {
        let objects = self.platform.objects().expect("bucket");
        Jobs::new(self.table.clone(), objects, Arc::clone(&self.platform.clock), Arc::clone(&self.platform.ids))
    }

    /// The letters that were sent, latest first.
    pub async fn letters(&self) -> Vec<Value> {
        let letters = self.faults.outside().get(format!("{}/mailbox/letters.json", self.sandbox)).send().await;
        letters.expect("mailbox").json().await.expect("letters")
    }

    /// Says that the test falsifies the books on purpose.
    pub fn cook_the_books(&self) {
        self.honest.store(false, Ordering::SeqCst);
    }

    /// This test takes objects away under functions that read them. On AWS they are told that they have no access, which is an error like any other.
    pub fn objects_go_away(&self) {
        self.objects_go_away.store(true, Ordering::SeqCst);
    }

    /// Adds up the user's account and asserts that the books balance.
    pub async fn audit(&self, user: UserId) -> Audit {
        let audit = Ledger::new(self.table.clone()).audit(user.into()).await.expect("audit");
        assert!(audit.agrees(), "the books do not balance: {audit:?}");
        audit
    }

    /// Adds up everybody's account.
    pub async fn check_books(&self) {
        // Tests move the clock and end with work undone, so a hold may be old here.
        let check = Check { hold_limit: Duration::MAX, ..Check::default() };
        let report = Ledger::new(self.table.clone()).check_all(&check, self.clock.now()).await.expect("check");
        assert!(report.is_clean(), "the books do not balance: {:?}", report.differences);
    }
}

/// Not a parameter of a template: what the sandbox waits between two pieces of a text, in milliseconds.
pub const SANDBOX_PACE: &str = "sandbox pace";

/// The first word of a parameter: parameters of one vendor have the same, as `Google` or `Unisender`.
fn vendor(parameter: &str) -> &str {
    let end = parameter.match_indices(char::is_uppercase).nth(1).map_or(parameter.len(), |(at, _)| at);
    &parameter[..end]
}

/// What all functions of a stack are given, together, with the permissions of an operator.
fn platform(stack: &Stack, faults: &Faults) -> Platform {
    let platforms: Vec<_> = stack.functions().map(|name| stack.platform(name).expect("function")).collect();
    let mut vars = BTreeMap::new();
    for platform in &platforms {
        vars.extend(platform.vars.clone());
    }
    let vars: Vars = vars.into_iter().collect();
    let mut settings = edge::aws_settings(&vars).expect("AWS settings");
    settings.http_client = Some(faults.http_client());
    Platform { vars, aws: Aws::new(settings), ..platforms.first().expect("a function").clone() }
}

/// Serves a router on a port of its own until the test's runtime ends.
#[expect(clippy::disallowed_methods, reason = "servers of a test run beside it and end with its runtime")]
pub async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    drop(tokio::spawn(async move { axum::serve(listener, router).await.expect("server") }));
    url
}
