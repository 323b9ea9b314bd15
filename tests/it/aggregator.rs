//! AI Aggregator over real connections: accounts and keys, chats whole and streamed, and the money under fire.

mod accounts;
mod chats;
mod counting;
mod examples;
mod fire;
mod hooks;
mod limits;
mod money;
mod payments;
mod records;
mod trips;
mod upkeep;
mod vendors;

use std::sync::Arc;

use domain::aggregator::CompanyId;
use domain::kernel::Clock as _;
use domain::ledger::{Check, Ledger};
use quintet::{Stack, StackOptions};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use store::{Aws, Table};

use crate::world::{AGGREGATOR, Denied, Faults, HandClock, SerialIds};

/// Models that behave as the sandbox's do, for a round price: a dollar for a thousand tokens.
const MODELS: &str = r#"{"models":[
    {"id":"good","name":"Good","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox"}]},
    {"id":"slow","name":"Slow","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-slow"}]},
    {"id":"hang","name":"Hang","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-hang"}]},
    {"id":"broken","name":"Broken","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-500"}]},
    {"id":"half","name":"Half","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-stream-error"}]},
    {"id":"silent","name":"Silent","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-no-usage"}]},
    {"id":"vectors","name":"Vectors","provider":"openai","context_length":1000,"input":"1000",
     "features":["embedding"],"targets":[{"vendor":"openai","model":"text-embedding-3-small"}]},
    {"id":"chain","name":"Chain","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-500"},{"vendor":"nobody","model":"m"}],"fallback":["good"]}
]}"#;

/// A gateway with one company that has a key and `usd` on its account. Functions are held to the permissions of their template.
pub struct Site {
    pub stack: Stack,
    /// What goes wrong with functions' AWS calls.
    pub faults: Faults,
    denied: Denied,
    pub clock: Arc<HandClock>,
    pub client: Client,
    pub base: String,
    company: CompanyId,
    pub token: String,
    pub key: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        let denied = self.denied.all();
        let known = std::thread::panicking() || denied.is_empty();
        assert!(known, "the template does not permit what functions do: {denied:#?}");
    }
}

impl Site {
    pub async fn new(usd: &str) -> Self {
        Self::with(usd, &[]).await
    }

    async fn with(usd: &str, parameters: &[(&str, &str)]) -> Self {
        let usual = [
            ("AggregatorModels", MODELS),
            ("AggregatorWelcomeUsd", usd),
            ("AggregatorRateLimitChat", "1000/60"),
            ("AggregatorRateLimitAuth", "1000/60"),
            ("AggregatorChatTimeouts", "2000/4000/4000/30000"),
        ];
        let parameters = usual.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let clock = Arc::new(HandClock::default());
        let (faults, denied) = (Faults::default(), Denied::default());
        let options = StackOptions {
            clock: clock.clone(),
            ids: Arc::new(SerialIds::default()),
            parameters: parameters.collect(),
            http_clients: Some(denied.http_clients(&faults)),
            ..StackOptions::for_tests()
        };
        let stack = Stack::start(options).await.expect("stack");
        let base = stack.base_url("aggregator").expect("address");
        let client = Client::new();
        let mut site = Self {
            stack,
            faults,
            denied,
            clock,
            client,
            base,
            company: uuid::Uuid::nil().into(),
            token: String::new(),
            key: String::new(),
        };
        let body = json!({ "email": "admin@company.com", "password": "securepassword123", "name": "My Company" });
        let (status, registered) = site.call(Method::POST, "/api/v1/auth/register", "", &body).await;
        assert_eq!(status, 201, "{registered}");
        site.token = text(&registered["accessToken"]);
        site.company = text(&registered["company"]["id"]).parse().expect("id");
        site.key = site.new_key(&["chat", "billing", "analytics"]).await;
        if usd != "0" {
            let link = site.letter().await;
            let answer = site.client.get(&link).send().await.expect("answer");
            assert_eq!(answer.status(), 200);
        }
        site
    }

    /// The link in the last letter.
    pub async fn letter(&self) -> String {
        confirmation(&self.client, &self.stack.sandbox_url(), &self.base).await
    }

    pub async fn new_key(&self, permissions: &[&str]) -> String {
        let body = json!({ "name": "Key", "permissions": permissions });
        let (status, made) = self.call(Method::POST, "/api/v1/auth/api-keys", &self.token, &body).await;
        assert_eq!(status, 201, "{made}");
        text(&made["key"])
    }

    async fn send(&self, method: Method, path: &str, bearer: &str, body: &Value) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !bearer.is_empty() {
            request = request.bearer_auth(bearer);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        request.send().await.expect("answer")
    }

    pub async fn call(&self, method: Method, path: &str, bearer: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(method.clone(), path, bearer, body).await;
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("text"));
        let answer = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        // What OpenAI's clients are answered is described by OpenAI.
        if path.starts_with("/api/v1/") {
            AGGREGATOR.assert_describes(&method, path.split('?').next().unwrap_or_default(), status, &answer);
        }
        (status, answer)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, path, &self.key, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// A chat with `model`; what `more` has goes into the request.
    pub async fn chat(&self, model: &str, more: Value) -> (u16, Value) {
        self.call(Method::POST, "/api/v1/chat/completions", &self.key, &request(model, more)).await
    }

    /// The frames of a streamed chat: what follows `data: `.
    async fn stream(&self, model: &str, more: Value) -> Vec<String> {
        let mut body = request(model, more);
        body["stream"] = true.into();
        let answer = self.send(Method::POST, "/v1/chat/completions", &self.key, &body).await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        frames(&answer.text().await.unwrap_or_default())
    }

    /// Balance and what is reserved, in dollars as the wire has them.
    async fn balance(&self) -> (String, String) {
        let balance = self.get("/api/v1/billing/balance").await;
        (balance["balance"].to_string(), balance["reserved"].to_string())
    }

    /// Has everything counted that waits.
    pub async fn count(&self) -> usize {
        let mut delivered = 0;
        loop {
            match self.stack.deliver("UsageQueue").await.expect("delivery") {
                0 => return delivered,
                more => delivered += more,
            }
        }
    }

    /// AWS as an operator has it, who may do everything.
    fn aws(&self) -> Aws {
        let platform = self.stack.platform("aggregator-billing").expect("function");
        let mut settings = edge::aws_settings(&platform.vars).expect("AWS settings");
        settings.http_client = Some(self.faults.http_client());
        Aws::new(settings)
    }

    /// The product's table, as an operator sees it.
    fn table(&self) -> Table {
        Table::new(self.aws().dynamodb(), self.stack.table_name("aggregator").expect("table"))
    }

    /// The books of everybody: each balance is what its entries say.
    async fn check_books(&self) {
        let ledger = Ledger::new(self.table());
        let report = ledger.check_all(&Check::default(), self.clock.now()).await.expect("check");
        assert!(report.is_clean(), "{:?}", report.differences);
    }
}

/// The link that confirms an address, in the last letter of a sandbox.
async fn confirmation(client: &Client, sandbox: &str, base: &str) -> String {
    let letters = client.get(format!("{sandbox}/mailbox/letters.json"));
    let letters: Value = letters.send().await.expect("answer").json().await.expect("letters");
    let all = letters.to_string();
    let (_, rest) = all.split_once("/api/v1/auth/verify-email?token=").expect("a link");
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    format!("{base}/api/v1/auth/verify-email?token={token}")
}

pub fn request(model: &str, more: Value) -> Value {
    let mut body = json!({ "model": model, "max_tokens": 100, "messages": [{ "role": "user", "content": "Привет!" }] });
    if let Value::Object(more) = more {
        body.as_object_mut().expect("an object").extend(more);
    }
    body
}

/// Nano-dollars of a number on the wire.
fn nanos(number: &Value) -> i64 {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    sign * domain::aggregator::parse_dollars(digits).expect("an amount").units()
}

fn frames(text: &str) -> Vec<String> {
    text.split("\n\n").filter_map(|frame| frame.strip_prefix("data: ")).map(str::to_owned).collect()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
