//! A world of its own for each test: real functions on the embedded engines, a clock that only moves when told to, and ids that repeat.
//!
//! Requests go in as API Gateway's events and queues are delivered by hand, so a test decides what happens when, and nothing sleeps.

mod aws;
mod clock;
mod described;
pub mod events;
mod faults;
mod http;
mod permissions;
mod sockets;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::easy_writer::PRODUCT;
use domain::generation::{Jobs, WorkMessage};
use domain::kernel::{Clock, IdSource, JobKind, UserId};
use domain::ledger::{Audit, Check, Ledger};
use edge::{Function, Platform, Vars};
use lambda_runtime::Context;
use quintet::registry;
use quintet::sqs::Engine;
use serde_json::{Value, json};
use store::{Aws, AwsSettings, Table};
use tempfile::TempDir;

pub use aws::serve;
pub use clock::{HandClock, SerialIds};
pub use described::AGGREGATOR;
pub use faults::{Action, Faults};
pub use http::{Reply, Session, request};
pub use permissions::Denied;
pub use sockets::Watchers;

/// What differs from the usual world.
#[derive(Clone)]
pub struct Options {
    /// Model of the sandbox, which selects how it behaves.
    pub model: &'static str,
    /// What the sandbox waits between two pieces of a text.
    pub sandbox_pace: Duration,
    /// Seconds until a quick run moves to the background.
    pub quick_deadline: &'static str,
    /// `connect/first_byte/silence/total` of text vendors.
    pub text_timeouts: &'static str,
    /// Limit of every endpoint that has one.
    pub rate_limit: &'static str,
    /// Limit of the log-ins that fail from one address.
    pub network_limit: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: "sandbox",
            sandbox_pace: Duration::ZERO,
            quick_deadline: "20",
            text_timeouts: "2000/10000/10000/30000",
            rate_limit: "1000/60",
            network_limit: "1000/60",
        }
    }
}

/// Everything.
pub struct World {
    /// The clock of all functions.
    pub clock: Arc<HandClock>,
    /// What goes wrong with AWS calls.
    pub faults: Faults,
    /// The WebSocket connections and what they were sent.
    pub watchers: Watchers,
    /// The queues.
    pub sqs: Engine,
    /// The product's table, past all faults.
    pub table: Table,
    /// The platform that functions were built from, with all permissions.
    pub platform: Platform,
    settings: AwsSettings,
    denied: Denied,
    functions: HashMap<String, Function>,
    /// Where the outside companies are.
    pub sandbox: String,
    /// Size of the last answer's body, in bytes.
    pub answered: Arc<AtomicUsize>,
    _objects: TempDir,
    /// Whether the books are to be checked when the world ends.
    honest: AtomicBool,
    /// Whether functions may meet objects that are not there any more.
    objects_go_away: AtomicBool,
}

impl Drop for World {
    /// Whatever a test did, every account's balance is the sum of its entries.
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
        let ledger = Ledger::new(self.table.clone());
        // Tests move the clock and end with work undone, so a hold may be old here.
        let check = Check { hold_limit: Duration::MAX, ..Check::default() };
        let check = ledger.check_all(&check, self.clock.now());
        let report = tokio::task::block_in_place(|| runtime.block_on(check)).expect("check");
        assert!(report.is_clean(), "the books do not balance: {:?}", report.differences);
    }
}

/// Queues of Easy Writer.
pub const GENERATION: &str = "easy-writer-GenerationQueue";
pub const IMAGES: &str = "easy-writer-ImageQueue";
pub const GREETING: &str = "easy-writer-GreetingQueue";
const DEAD: &str = "-dead";

impl World {
    /// The usual world.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// A world that differs.
    pub async fn with(options: Options) -> Self {
        let clock = Arc::new(HandClock::default());
        let ids: Arc<dyn IdSource> = Arc::new(SerialIds::default());
        let engines = aws::start(&clock).await;
        let watchers = Watchers::start().await;
        let sandbox = aws::start_sandbox(options.sandbox_pace, &clock).await;
        let faults = Faults::default();
        let limit = options.rate_limit.to_owned();
        let (google, yandex) = (sandbox::oauth::google_client(aws::KEY), sandbox::oauth::yandex_client(aws::KEY));
        let kandinsky = sandbox::FusionBrainKeys::of(aws::KEY);
        let vars = Vars::from_iter([
            ("PRODUCT".to_owned(), PRODUCT.to_owned()),
            ("AWS_REGION".to_owned(), "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID".to_owned(), aws::KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), aws::KEY.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), engines.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_S3".to_owned(), engines.s3.clone()),
            ("AWS_ENDPOINT_URL_SQS".to_owned(), engines.sqs_url.clone()),
            ("TABLE_NAME".to_owned(), aws::TABLE.to_owned()),
            ("BUCKET_NAME".to_owned(), aws::BUCKET.to_owned()),
            ("GENERATION_QUEUE_URL".to_owned(), engines.sqs.queue_url(GENERATION)),
            ("IMAGE_QUEUE_URL".to_owned(), engines.sqs.queue_url(IMAGES)),
            ("GREETING_QUEUE_URL".to_owned(), engines.sqs.queue_url(GREETING)),
            ("SOCKET_ENDPOINT".to_owned(), watchers.endpoint()),
            ("TOKEN_KEYS".to_owned(), TOKEN_KEYS.to_owned()),
            ("FRONTEND_ORIGINS".to_owned(), "https://easy-writer.example".to_owned()),
            ("OPENAI_BASE_URL".to_owned(), format!("{sandbox}/openai/v1")),
            ("OPENAI_API_KEY".to_owned(), aws::KEY.to_owned()),
            ("OPENAI_MODEL".to_owned(), options.model.to_owned()),
            ("KANDINSKY_BASE_URL".to_owned(), format!("{sandbox}/fusionbrain")),
            ("KANDINSKY_API_KEY".to_owned(), kandinsky.api_key),
            ("KANDINSKY_SECRET_KEY".to_owned(), kandinsky.secret_key),
            ("OPENAI_IMAGE_MODEL".to_owned(), options.model.to_owned()),
            ("IMAGE_TIMEOUTS".to_owned(), options.text_timeouts.to_owned()),
            ("UNISENDER_BASE_URL".to_owned(), format!("{sandbox}/unisender")),
            ("UNISENDER_API_KEY".to_owned(), aws::KEY.to_owned()),
            ("MAIL_FROM".to_owned(), "noreply@easy-writer.example".to_owned()),
            ("TEXT_TIMEOUTS".to_owned(), options.text_timeouts.to_owned()),
            ("QUICK_DEADLINE_SECONDS".to_owned(), options.quick_deadline.to_owned()),
            ("RATE_LIMIT_REGISTER".to_owned(), limit.clone()),
            ("RATE_LIMIT_LOGIN".to_owned(), limit.clone()),
            ("RATE_LIMIT_LOGIN_NETWORK".to_owned(), options.network_limit.to_owned()),
            ("RATE_LIMIT_OAUTH".to_owned(), limit.clone()),
            ("PUBLIC_URL".to_owned(), PUBLIC_URL.to_owned()),
            ("AUTH_RETURN_URL".to_owned(), AUTH_RETURN_URL.to_owned()),
            ("GOOGLE_CLIENT_ID".to_owned(), google.id),
            ("GOOGLE_CLIENT_SECRET".to_owned(), google.secret),
            ("GOOGLE_AUTHORIZE_URL".to_owned(), format!("{sandbox}/google/o/oauth2/v2/auth")),
            ("GOOGLE_TOKEN_URL".to_owned(), format!("{sandbox}/google/token")),
            ("GOOGLE_JWKS_URL".to_owned(), format!("{sandbox}/google/oauth2/v3/certs")),
            ("GOOGLE_ISSUER".to_owned(), sandbox::oauth::GOOGLE_ISSUER.to_owned()),
            ("YANDEX_CLIENT_ID".to_owned(), yandex.id),
            ("YANDEX_CLIENT_SECRET".to_owned(), yandex.secret),
            ("YANDEX_AUTHORIZE_URL".to_owned(), format!("{sandbox}/yandex/authorize")),
            ("YANDEX_TOKEN_URL".to_owned(), format!("{sandbox}/yandex/token")),
            ("YANDEX_INFO_URL".to_owned(), format!("{sandbox}/yandex/info")),
            ("RATE_LIMIT_REFRESH".to_owned(), limit.clone()),
            ("RATE_LIMIT_EXECUTE".to_owned(), limit.clone()),
            ("RATE_LIMIT_IMAGE".to_owned(), limit.clone()),
            ("RATE_LIMIT_PAYMENT".to_owned(), limit.clone()),
            ("RATE_LIMIT_NOTICE".to_owned(), limit.clone()),
            ("PAYMENT_RETURN_URL".to_owned(), "https://easy-writer.example/payments/{payment_id}".to_owned()),
            ("PAYMENT_LIFETIME_MINUTES".to_owned(), "60".to_owned()),
            ("RATE_LIMIT_GROUP".to_owned(), limit),
        ]);
        let mut settings = edge::aws_settings(&vars).expect("AWS settings");
        let plain = Aws::new(settings.clone());
        settings.http_client = Some(faults.http_client());
        let clock_of_all = Arc::clone(&clock) as Arc<dyn Clock>;
        let platform = Platform { vars, clock: clock_of_all, ids, aws: Aws::new(settings.clone()) };
        let denied = Denied::default();
        let functions = functions(&platform, &settings, &faults, &denied);
        let table = Table::new(plain.dynamodb(), aws::TABLE);
        Self {
            clock,
            faults,
            watchers,
            sqs: engines.sqs,
            table,
            platform,
            settings,
            denied,
            functions,
            sandbox,
            answered: Arc::default(),
            _objects: engines.objects,
            honest: true.into(),
            objects_go_away: false.into(),
        }
    }

    /// Builds all functions anew, as fresh Lambda instances would be, with `change` applied to their variables.
    pub fn restart(&mut self, change: impl FnOnce(&mut HashMap<String, String>)) {
        let mut vars: HashMap<String, String> = VARIABLES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.platform.vars.get(name)?.to_owned())))
            .collect();
        change(&mut vars);
        self.platform.vars = Vars::from_iter(vars);
        self.functions = functions(&self.platform, &self.settings, &self.faults, &self.denied);
    }

    /// Invokes a function with an event.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let function = self.functions.get(function).unwrap_or_else(|| panic!("no function {function}"));
        let event = serde_json::value::to_raw_value(event).expect("event");
        let answer = function.invoke(event, Context::default()).await.map_err(|error| error.to_string())?;
        Ok(serde_json::from_str(answer.get()).expect("answer is JSON"))
    }

    /// Receives what is in a queue now and has its worker handle it. Returns how many messages there were.
    pub async fn deliver(&self, queue: &str) -> usize {
        let messages = self.sqs.receive(queue, 10, Duration::ZERO).await.expect("queue");
        self.handle(queue, &messages).await;
        messages.len()
    }

    /// Delivers until the queue is empty.
    pub async fn drain(&self, queue: &str) {
        while self.deliver(queue).await > 0 {}
    }

    async fn handle(&self, queue: &str, messages: &[quintet::sqs::Message]) {
        if messages.is_empty() {
            return;
        }
        let arn = self.sqs.queue_arn(queue);
        let records: Vec<_> = messages.iter().map(|message| message.event_record(&arn, "eu-central-1")).collect();
        let answer = self.invoke(worker(queue), &json!({ "Records": records })).await.expect("worker");
        let failed: Vec<_> = answer["batchItemFailures"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|failure| failure["itemIdentifier"].as_str())
            .collect();
        let done = messages.iter().filter(|message| !failed.contains(&message.message_id.as_str()));
        self.sqs.delete(queue, done.map(|message| message.receipt_handle.clone()).collect()).await.expect("delete");
    }

    /// Receives one message and returns the event that its worker would get.
    pub async fn receive_event(&self, queue: &str) -> Value {
        let messages = self.sqs.receive(queue, 1, Duration::ZERO).await.expect("queue");
        let message = messages.first().expect("a message is waiting");
        json!({ "Records": [message.event_record(&self.sqs.queue_arn(queue), "eu-central-1")] })
    }

    /// The event for a work message that was never in a queue.
    pub fn work_event(owner: UserId, session: &str) -> Value {
        let message = WorkMessage { owner, kind: JobKind::Text, job: session.parse().expect("session id") };
        let body = serde_json::to_string(&message).expect("message");
        json!({ "Records": [{ "messageId": "m1", "body": body }] })
    }

    /// Runs the schedule.
    pub async fn sweep(&self) {
        self.try_sweep().await.expect("schedule");
    }

    /// Runs the schedule, which may fail.
    pub async fn try_sweep(&self) -> Result<Value, String> {
        self.invoke("easy-writer-maintenance-cron", &events::schedule()).await
    }

    /// How many messages wait in a queue, in flight or not.
    pub async fn queued(&self, queue: &str) -> u64 {
        let counts = self.sqs.counts().await.expect("counts");
        counts.get(queue).map_or(0, |counts| counts.visible + counts.in_flight + counts.delayed)
    }

    /// How many messages are in the dead-letter queue of a queue.
    pub async fn dead(&self, queue: &str) -> u64 {
        self.queued(&format!("{queue}{DEAD}")).await
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
}

/// Where browsers reach the usual world.
pub const PUBLIC_URL: &str = "https://api.easy-writer.example";
/// Where they end after a sign-in through a provider.
pub const AUTH_RETURN_URL: &str = "https://easy-writer.example/auth/callback";

/// The signing secrets of the usual world.
pub const TOKEN_KEYS: &str = "test-secret-test-secret-test-secret-1";

const VARIABLES: &[&str] = &[
    "PRODUCT",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "TABLE_NAME",
    "BUCKET_NAME",
    "GENERATION_QUEUE_URL",
    "IMAGE_QUEUE_URL",
    "GREETING_QUEUE_URL",
    "SOCKET_ENDPOINT",
    "TOKEN_KEYS",
    "FRONTEND_ORIGINS",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "KANDINSKY_BASE_URL",
    "KANDINSKY_API_KEY",
    "KANDINSKY_SECRET_KEY",
    "STABILITY_BASE_URL",
    "STABILITY_API_KEY",
    "OPENAI_IMAGE_MODEL",
    "IMAGE_TIMEOUTS",
    "UNISENDER_BASE_URL",
    "UNISENDER_API_KEY",
    "MAIL_FROM",
    "TEXT_TIMEOUTS",
    "QUICK_DEADLINE_SECONDS",
    "RATE_LIMIT_REGISTER",
    "RATE_LIMIT_LOGIN",
    "RATE_LIMIT_LOGIN_NETWORK",
    "RATE_LIMIT_OAUTH",
    "PUBLIC_URL",
    "AUTH_RETURN_URL",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GOOGLE_AUTHORIZE_URL",
    "GOOGLE_TOKEN_URL",
    "GOOGLE_JWKS_URL",
    "GOOGLE_ISSUER",
    "YANDEX_CLIENT_ID",
    "YANDEX_CLIENT_SECRET",
    "YANDEX_AUTHORIZE_URL",
    "YANDEX_TOKEN_URL",
    "YANDEX_INFO_URL",
    "RATE_LIMIT_REFRESH",
    "RATE_LIMIT_EXECUTE",
    "RATE_LIMIT_IMAGE",
    "RATE_LIMIT_PAYMENT",
    "RATE_LIMIT_NOTICE",
    "PAYMENT_RETURN_URL",
    "PAYMENT_LIFETIME_MINUTES",
    "RATE_LIMIT_GROUP",
];

fn worker(queue: &str) -> &'static str {
    match queue {
        GENERATION => "easy-writer-generation-worker",
        IMAGES => "easy-writer-image-worker",
        GREETING => "easy-writer-greeting-worker",
        other => panic!("no worker for {other}"),
    }
}

/// Each function with the permissions that its template gives it.
fn functions(
    platform: &Platform,
    settings: &AwsSettings,
    faults: &Faults,
    denied: &Denied,
) -> HashMap<String, Function> {
    registry::functions(PRODUCT)
        .map(|function| {
            let name = function.name_in(PRODUCT);
            let http_client = Some(faults.http_client_of(denied.of(&name)));
            let aws = Aws::new(AwsSettings { http_client, ..settings.clone() });
            let platform = Platform { aws, ..platform.clone() };
            let started = (function.start)(&platform).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, started)
        })
        .collect()
}
