//! Somebody who is signed in.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::site::{Reply, Site, number, text};
use crate::socket::Watching;
use crate::{Outcome, ensure};

/// The password of everybody who has one.
pub(crate) const PASSWORD: &str = "pass123456";

/// Somebody who is signed in.
pub(crate) struct User<'a> {
    pub(crate) site: &'a Site,
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    /// `refresh_token=…`
    pub(crate) cookie: String,
}

/// An address that nobody has registered yet, however often this runs against the same stack.
pub(crate) fn new_email() -> String {
    format!("journey-{}@example.com", new_key())
}

/// A text that was not used before.
pub(crate) fn new_key() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};

    // The seed of the standard library's hasher is random; a dependency for this alone is not worth it.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

impl<'a> User<'a> {
    /// Registers.
    pub(crate) async fn register(site: &'a Site) -> Outcome<Self> {
        let email = new_email();
        let reply = site.post("/auth/register", &json!({ "email": email, "password": PASSWORD })).await?;
        Self::signed_in(site, reply, 201)
    }

    /// Whoever an answer of register or login signs in.
    pub(crate) fn signed_in(site: &'a Site, reply: Reply, status: u16) -> Outcome<Self> {
        let cookie = reply.cookies.first().cloned().unwrap_or_default();
        ensure!(cookie.starts_with("refresh_token="), "{reply} sets no cookie: {cookie}");
        let data = reply.data(status)?;
        ensure!(data["expires_in"] == 900, "{data}");
        let user = &data["user"];
        let (id, email) = (text(user, "id")?, text(user, "email")?);
        Ok(Self { site, id, email, token: text(&data, "access_token")?, cookie })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Reply> {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Reply> {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Outcome<Reply> {
        Reply::of(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Outcome<Reply> {
        Reply::of(self.request(Method::DELETE, path)).await
    }

    /// A request that is not done twice, however often it is sent.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Outcome<Reply> {
        Reply::of(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }

    pub(crate) async fn balance(&self) -> Outcome<i64> {
        number(&self.get("/user/balance").await?.data(200)?, "balance")
    }

    /// That this is what can be spent.
    pub(crate) async fn has(&self, raits: i64) -> Outcome {
        let balance = self.balance().await?;
        ensure!(balance == raits, "the balance is {balance} and not {raits}");
        Ok(())
    }

    /// That the statement has these amounts, latest first, and that they are the balance.
    pub(crate) async fn books(&self, amounts: &[i64]) -> Outcome {
        let statement = self.get("/user/transactions?limit=100").await?.data(200)?;
        let listed: Vec<_> = statement["transactions"].as_array().into_iter().flatten().collect();
        let listed: Vec<_> = listed.into_iter().filter_map(|it| it["amount"].as_i64()).collect();
        ensure!(listed == amounts, "the statement says {listed:?} and not {amounts:?}");
        ensure!(statement["pagination"]["total"] == amounts.len(), "{statement}");
        self.has(amounts.iter().sum()).await
    }

    /// Starts a run in the background. Its id and where it can be watched.
    pub(crate) async fn start(&self, tool: &str, input: &Value) -> Outcome<(String, String)> {
        let body = json!({ "input": input, "mode": "standard" });
        let started = self.post(&format!("/tools/{tool}/execute"), &body).await?.data(202)?;
        ensure!(started["status"] == "in_progress", "{started}");
        Ok((text(&started, "session_id")?, text(&started, "websocket_url")?))
    }

    /// Starts an essay, which costs 50 raits at most.
    pub(crate) async fn start_essay(&self) -> Outcome<(String, String)> {
        self.start("essay", &json!({ "topic": "Осень в городе" })).await
    }

    /// Watches a path of the contract.
    pub(crate) async fn watch(&self, path: &str) -> Outcome<Watching> {
        Watching::open(self.site, path, &self.token).await
    }
}
