//! Where the stack is, and requests to it.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::operator::Operator;
use crate::user::User;
use crate::{Outcome, ensure};

/// How long an answer may take. The gateway gives up after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A stack and what surrounds it.
pub struct Site {
    /// Where the product is, such as `http://127.0.0.1:8000`.
    pub(crate) base: String,
    /// Where the outside companies are.
    pub(crate) sandbox: String,
    pub(crate) operator: Operator,
    pub(crate) http: Client,
    /// The status that every refused handshake has, where the gateway does not tell which one the function answered with.
    pub(crate) every_refusal: Option<u16>,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The cookies that it sets, as they are to be sent back; an empty value takes one away.
    pub(crate) cookies: Vec<String>,
    pub(crate) location: String,
    /// `null` if it is no JSON.
    pub(crate) body: Value,
    asked: String,
}

impl Site {
    /// The stack at `base`, whose outside companies are at `sandbox`.
    pub fn new(base: &str, sandbox: &str, operator: Operator) -> Outcome<Self> {
        let http = Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { base: base.to_owned(), sandbox: sandbox.to_owned(), operator, http, every_refusal: None })
    }

    /// A stack whose gateway refuses every handshake with the same status.
    #[must_use]
    pub fn with_every_refusal(self, status: Option<u16>) -> Self {
        Self { every_refusal: status, ..self }
    }

    /// A request to a path below `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Reply> {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Reply> {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    /// Somebody new, with 100 raits.
    pub(crate) async fn newcomer(&self) -> Outcome<User<'_>> {
        User::register(self).await
    }
}

impl Reply {
    /// Sends a request.
    pub(crate) async fn of(request: RequestBuilder) -> Outcome<Self> {
        let answer = request.send().await?;
        let asked = answer.url().path().to_owned();
        let (status, cookies) = (answer.status().as_u16(), cookies(&answer));
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Self { status, cookies, location, body, asked })
    }

    /// What a success says, if this is one with that status.
    pub(crate) fn data(self, status: u16) -> Outcome<Value> {
        ensure!(self.status == status && self.body["success"] == true, "{self} and not {status}");
        ensure!(self.body["meta"]["request_id"].is_string(), "{self} has no request id");
        Ok(self.body["data"].clone())
    }

    /// What an answer without an envelope says, if it has that status.
    pub(crate) fn bare(self, status: u16) -> Outcome<Value> {
        ensure!(self.status == status, "{self} and not {status}");
        Ok(self.body)
    }

    /// That this is AI Aggregator's refusal with that status and code. All that it says.
    pub(crate) fn failure(self, status: u16, code: &str) -> Outcome<Value> {
        let same = self.status == status && self.body["statusCode"] == status && self.body["code"] == code;
        ensure!(same && self.body["message"].is_string(), "{self} and not {status} {code}");
        Ok(self.body)
    }

    /// That this is a refusal with that status and code. What else it says.
    pub(crate) fn refusal(self, status: u16, code: &str) -> Outcome<Value> {
        let error = &self.body["error"];
        ensure!(self.status == status && error["code"] == code, "{self} and not {status} {code}");
        ensure!(self.body["success"] == false && error["message"].is_string(), "{self}");
        Ok(error["details"].clone())
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, asked, body, location, .. } = self;
        write!(formatter, "{asked} is answered {status} {body} {location}")
    }
}

fn cookies(answer: &Response) -> Vec<String> {
    let set = answer.headers().get_all("set-cookie").iter();
    set.filter_map(|cookie| Some(cookie.to_str().ok()?.split(';').next()?.to_owned())).collect()
}

/// A text of an answer that has to be there.
pub(crate) fn text(value: &Value, name: &str) -> Outcome<String> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name} in {value}").into())
}

/// A number of an answer that has to be there.
pub(crate) fn number(value: &Value, name: &str) -> Outcome<i64> {
    value[name].as_i64().ok_or_else(|| format!("no {name} in {value}").into())
}
