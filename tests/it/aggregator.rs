//! AI Aggregator: companies and what they do.

mod access;
mod contract;
mod counting;
mod fire;
pub mod hooks;
mod limits;
mod money;
pub mod payments;
mod trips;
mod upkeep;
mod vendors;

use std::ops::Deref;

use domain::aggregator::CompanyId;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::world::{Reply, World, product, request};

/// What differs in tests from a local run: models, and short waits.
pub const PARAMETERS: &[(&str, &str)] =
    &[("AggregatorModels", MODELS), ("AggregatorChatTimeouts", "2000/4000/4000/30000")];

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

/// A gateway with one company that has a key and `usd` on its account.
pub struct Site {
    world: World,
    pub company: CompanyId,
    pub token: String,
    pub key: String,
    /// Where its front door is, for whoever wants a connection.
    pub base: String,
}

impl Deref for Site {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Site {
    pub async fn new(usd: &str) -> Self {
        Self::with(usd, &[]).await
    }

    pub async fn with(usd: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters: Vec<_> = [("AggregatorWelcomeUsd", usd)].iter().chain(parameters).copied().collect();
        let world = World::of(product("aggregator"), &parameters).await;
        let base = world.stack.base_url("aggregator").expect("address");
        let mut site =
            Self { world, company: uuid::Uuid::nil().into(), token: String::new(), key: String::new(), base };
        let body = json!({ "email": "admin@company.com", "password": "securepassword123", "name": "My Company" });
        let (status, registered) = site.call(Method::POST, "/api/v1/auth/register", "", &body).await;
        assert_eq!(status, 201, "{registered}");
        site.token = text(&registered["accessToken"]);
        site.company = text(&registered["company"]["id"]).parse().expect("id");
        site.key = site.new_key(&["chat", "billing", "analytics"]).await;
        if usd != "0" {
            let link = site.letter().await;
            assert_eq!(site.call(Method::GET, &link, "", &Value::Null).await.0, 200);
        }
        site
    }

    /// A client that makes connections.
    pub fn client(&self) -> &Client {
        self.faults.outside()
    }

    /// Path and query of the link in the last letter.
    pub async fn letter(&self) -> String {
        confirmation(&self.letters().await)
    }

    pub async fn new_key(&self, permissions: &[&str]) -> String {
        let body = json!({ "name": "Key", "permissions": permissions });
        let (status, made) = self.call(Method::POST, "/api/v1/auth/api-keys", &self.token, &body).await;
        assert_eq!(status, 201, "{made}");
        text(&made["key"])
    }

    /// Whoever has no bearer sends none.
    pub async fn ask(&self, method: Method, path: &str, bearer: &str, body: &Value) -> Reply {
        self.send(request(method, path, Some(bearer).filter(|bearer| !bearer.is_empty()), body)).await
    }

    pub async fn call(&self, method: Method, path: &str, bearer: &str, body: &Value) -> (u16, Value) {
        let answer = self.ask(method, path, bearer, body).await;
        (answer.status, answer.body)
    }

    /// A notice of the payment provider, from where the sandbox would send it.
    pub async fn tell(&self, notice: &Value) -> (u16, Value) {
        let mut request = request(Method::POST, "/api/v1/payments/webhook/yookassa", None, notice);
        request.headers_mut().insert("test-source-ip", "127.0.0.1".parse().expect("a header"));
        let answer = self.send(request).await;
        (answer.status, answer.body)
    }

    /// A request with a key by which its repeat is known.
    pub async fn once(&self, path: &str, bearer: &str, key: &str, body: &Value) -> (u16, Value) {
        let mut request = request(Method::POST, path, Some(bearer).filter(|bearer| !bearer.is_empty()), body);
        if !key.is_empty() {
            request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        }
        let answer = self.send(request).await;
        (answer.status, answer.body)
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, path, &self.key, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// A chat with `model`; what `more` has goes into the request.
    pub async fn chat(&self, model: &str, more: Value) -> (u16, Value) {
        self.call(Method::POST, "/api/v1/chat/completions", &self.key, &chat_request(model, more)).await
    }

    /// The frames of a streamed chat: what follows `data: `.
    pub async fn stream(&self, model: &str, more: Value) -> Vec<String> {
        let mut body = chat_request(model, more);
        body["stream"] = true.into();
        let answer = self.ask(Method::POST, "/v1/chat/completions", &self.key, &body).await;
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        frames(&answer.text)
    }

    /// Balance and what is reserved, in dollars as the wire has them.
    pub async fn balance(&self) -> (String, String) {
        let balance = self.get("/api/v1/billing/balance").await;
        (balance["balance"].to_string(), balance["reserved"].to_string())
    }

    /// Has everything counted that waits.
    pub async fn count(&self) -> usize {
        self.drain("UsageQueue").await
    }
}

/// Path and query of the link that confirms an address, in the last of these letters.
fn confirmation(letters: &[Value]) -> String {
    let all = Value::from(letters).to_string();
    let (_, rest) = all.split_once("/api/v1/auth/verify-email?token=").expect("a link");
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    format!("/api/v1/auth/verify-email?token={token}")
}

/// A chat with `model`; what `more` has goes into the request.
pub fn chat_request(model: &str, more: Value) -> Value {
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
