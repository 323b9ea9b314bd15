//! Easy Writer: people and what they do.

use domain::generation::WorkMessage;
use domain::kernel::{JobKind, UserId};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{Reply, World, product};

/// Its queues.
pub const GENERATION: &str = "GenerationQueue";
pub const IMAGES: &str = "ImageQueue";
pub const REPLAY: &str = "ReplayQueue";

/// Where browsers reach the usual world.
pub const PUBLIC_URL: &str = "https://api.easy-writer.example";
/// Where they end after a sign-in through a provider.
pub const AUTH_RETURN_URL: &str = "https://easy-writer.example/auth/callback";

/// What differs in tests from a local run: short waits, pages of its own, and no payment provider.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("TextTimeouts", "2000/10000/10000/30000"),
    ("ImageTimeouts", "2000/10000/10000/30000"),
    ("OpenAiImageModel", "sandbox"),
    ("EasyWriterQuickDeadlineSeconds", "20"),
    ("EasyWriterFrontendOrigins", "https://easy-writer.example"),
    ("EasyWriterPublicUrl", PUBLIC_URL),
    ("EasyWriterAuthReturnUrl", AUTH_RETURN_URL),
    ("EasyWriterPaymentReturnUrl", "https://easy-writer.example/payments/{payment_id}"),
    ("EasyWriterMailFrom", "noreply@easy-writer.example"),
    ("EasyWriterYooKassaSecretKey", ""),
    ("EasyWriterRobokassaPassword1", ""),
    ("EasyWriterCloudPaymentsApiSecret", ""),
    ("EasyWriterTBankPassword", ""),
];

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Session {
    pub user: UserId,
    pub email: String,
    pub token: String,
    pub refresh: String,
}

impl Reply {
    /// `data` of a success.
    pub fn data(&self) -> &Value {
        assert_eq!(self.body["success"], true, "{}", self.text);
        &self.body["data"]
    }

    /// Status and code of a failure.
    pub fn failure(&self) -> (u16, &str) {
        assert_eq!(self.body["success"], false, "{}", self.text);
        (self.status, self.body["error"]["code"].as_str().unwrap_or_default())
    }

    /// The value of the refresh cookie that the answer sets.
    pub fn refresh_token(&self) -> String {
        let cookie = self.cookies.iter().find(|cookie| cookie.starts_with("refresh_token=")).expect("a refresh cookie");
        let value = cookie.trim_start_matches("refresh_token=").split(';').next();
        value.expect("a value").to_owned()
    }
}

impl World {
    /// The usual world of Easy Writer.
    pub async fn easy_writer() -> Self {
        Self::easy_writer_with(&[]).await
    }

    /// One with other parameters.
    pub async fn easy_writer_with(parameters: &[(&str, &str)]) -> Self {
        Self::of(product("easy-writer"), parameters).await
    }

    /// One with a model that behaves so, for texts and pictures.
    pub async fn with_model(model: &str) -> Self {
        Self::easy_writer_with(&[("OpenAiModel", model), ("OpenAiImageModel", model)]).await
    }

    /// One with this limit for each endpoint that has one.
    pub async fn with_limits(limit: &str) -> Self {
        let limits = product("easy-writer").limits().filter(|name| !name.ends_with("Network"));
        Self::easy_writer_with(&limits.map(|name| (name, limit)).collect::<Vec<_>>()).await
    }

    /// Posts with a refresh cookie.
    pub async fn post_with_cookie(&self, path: &str, refresh: &str) -> Reply {
        let request =
            Request::builder().method(Method::POST).uri(path).header("cookie", format!("refresh_token={refresh}"));
        self.send(request.body(String::new()).expect("request")).await
    }

    /// Registers a user with the password `pass123456`.
    pub async fn register(&self, email: &str) -> Session {
        let body = json!({ "email": email, "password": "pass123456" });
        let reply = self.post("/api/v1/auth/register", None, &body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        Session {
            user: reply.data()["user"]["id"].as_str().expect("id").parse().expect("id"),
            email: email.to_owned(),
            token: reply.data()["access_token"].as_str().expect("token").to_owned(),
            refresh: reply.refresh_token(),
        }
    }

    /// Runs a tool.
    pub async fn execute(&self, session: &Session, tool: &str, mode: &str, input: Value) -> Reply {
        let body = json!({ "input": input, "mode": mode });
        self.post(&format!("/api/v1/tools/{tool}/execute"), Some(&session.token), &body).await
    }

    /// Starts an essay in the background and returns its session id.
    pub async fn start_essay(&self, session: &Session) -> String {
        let reply = self.execute(session, "essay", "standard", json!({ "topic": "Осень в городе" })).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        reply.data()["session_id"].as_str().expect("session").to_owned()
    }

    /// What the user can spend.
    pub async fn balance(&self, session: &Session) -> i64 {
        self.get("/api/v1/user/balance", &session.token).await.data()["balance"].as_i64().expect("balance")
    }

    /// The session as its owner sees it.
    pub async fn session(&self, session: &Session, id: &str) -> Value {
        self.get(&format!("/api/v1/generation/sessions/{id}"), &session.token).await.data().clone()
    }

    /// The event for a work message that was never in a queue.
    pub fn work_event(owner: UserId, session: &str) -> Value {
        let message = WorkMessage { owner, kind: JobKind::Text, job: session.parse().expect("session id") };
        let body = serde_json::to_string(&message).expect("message");
        json!({ "Records": [{ "messageId": "m1", "body": body }] })
    }
}
