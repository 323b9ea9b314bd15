//! AI Aggregator over real connections: accounts and keys, chats whole and streamed, and the money under fire.

mod accounts;
mod chats;
mod money;

use std::sync::Arc;

use domain::kernel::{Clock as _, UserId};
use domain::ledger::{Check, Ledger};
use quintet::{Stack, StackOptions};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use store::Table;

use crate::world::{HandClock, SerialIds};

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
    {"id":"chain","name":"Chain","provider":"openai","context_length":1000,"max_output":1000,"input":"1000","output":"1000",
     "features":["chat"],"targets":[{"vendor":"openai","model":"sandbox-500"},{"vendor":"nobody","model":"m"}],"fallback":["good"]}
]}"#;

/// A gateway with one company that has a key and `usd` on its account.
struct Site {
    stack: Stack,
    clock: Arc<HandClock>,
    client: Client,
    base: String,
    company: UserId,
    token: String,
    key: String,
}

impl Site {
    async fn new(usd: &str) -> Self {
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
        let options = StackOptions {
            clock: clock.clone(),
            ids: Arc::new(SerialIds::default()),
            parameters: parameters.collect(),
            ..StackOptions::for_tests()
        };
        let stack = Stack::start(options).await.expect("stack");
        let base = stack.base_url("aggregator").expect("address");
        let client = Client::new();
        let mut site = Self {
            stack,
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
    async fn letter(&self) -> String {
        let letters = self.client.get(format!("{}/mailbox/letters.json", self.stack.sandbox_url()));
        let letters: Value = letters.send().await.expect("answer").json().await.expect("letters");
        let all = letters.to_string();
        let (_, rest) = all.split_once("/api/v1/auth/verify-email?token=").expect("a link");
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        format!("{}/api/v1/auth/verify-email?token={token}", self.base)
    }

    async fn new_key(&self, permissions: &[&str]) -> String {
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

    async fn call(&self, method: Method, path: &str, bearer: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(method, path, bearer, body).await;
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, path, &self.key, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// A chat with `model`; what `more` has goes into the request.
    async fn chat(&self, model: &str, more: Value) -> (u16, Value) {
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
    async fn count(&self) -> usize {
        let mut delivered = 0;
        loop {
            match self.stack.deliver("UsageQueue").await.expect("delivery") {
                0 => return delivered,
                more => delivered += more,
            }
        }
    }

    /// The books of everybody: each balance is what its entries say.
    async fn check_books(&self) {
        let platform = self.stack.platform("aggregator-billing").expect("function");
        let table = Table::new(platform.aws.dynamodb(), self.stack.table_name("aggregator").expect("table"));
        let report = Ledger::new(table).check_all(&Check::default(), self.clock.now()).await.expect("check");
        assert!(report.is_clean(), "{:?}", report.differences);
    }
}

fn request(model: &str, more: Value) -> Value {
    let mut body = json!({ "model": model, "max_tokens": 100, "messages": [{ "role": "user", "content": "Привет!" }] });
    if let Value::Object(more) = more {
        body.as_object_mut().expect("an object").extend(more);
    }
    body
}

fn frames(text: &str) -> Vec<String> {
    text.split("\n\n").filter_map(|frame| frame.strip_prefix("data: ")).map(str::to_owned).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
