//! Requests as a client makes them.

use std::sync::atomic::Ordering;

use domain::kernel::UserId;
use http::{Method, Request};
use serde_json::{Value, json};

use super::described::EASY_WRITER;
use super::{World, events};

/// An answer as the gateway would pass it on.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Value,
    pub cookies: Vec<String>,
    pub body: Value,
    pub text: String,
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

    /// A header, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers[name].as_str()
    }

    /// The value of the refresh cookie that the answer sets.
    pub fn refresh_token(&self) -> String {
        let cookie = self.cookies.iter().find(|cookie| cookie.starts_with("refresh_token=")).expect("a refresh cookie");
        let value = cookie.trim_start_matches("refresh_token=").split(';').next();
        value.expect("a value").to_owned()
    }
}

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Session {
    pub user: UserId,
    pub email: String,
    pub token: String,
    pub refresh: String,
}

/// A request with a JSON body, unless it is null.
pub fn request(method: Method, path: &str, token: Option<&str>, body: &Value) -> Request<String> {
    let mut request = Request::builder().method(method).uri(path).header("host", "api.example");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_null() {
        return request.body(String::new()).expect("request");
    }
    request.header("content-type", "application/json").body(body.to_string()).expect("request")
}

impl World {
    /// Sends any request to the function that its path belongs to.
    pub async fn send(&self, request: Request<String>) -> Reply {
        let group = request.uri().path().split('/').nth(3).unwrap_or_default();
        let function = match group {
            "user" => "easy-writer-user",
            "tools" => "easy-writer-tools",
            "generation" => "easy-writer-generation",
            "images" => "easy-writer-images",
            "payments" => "easy-writer-payments",
            _ => "easy-writer-auth",
        };
        let answer = self.invoke(function, &events::http_request(&request)).await.expect("function");
        let text = answer["body"].as_str().unwrap_or_default().to_owned();
        let cookies = answer["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let reply = Reply {
            status: u16::try_from(answer["statusCode"].as_u64().expect("status")).expect("status"),
            headers: answer["headers"].clone(),
            cookies: cookies.collect(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        };
        EASY_WRITER.assert_describes(request.method(), request.uri().path(), reply.status, &reply.body);
        self.answered.store(reply.text.len(), Ordering::SeqCst);
        reply
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(request(Method::GET, path, Some(token), &Value::Null)).await
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Reply {
        self.send(request(Method::POST, path, token, body)).await
    }

    pub async fn put(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.send(request(Method::PUT, path, Some(token), body)).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Reply {
        self.send(request(Method::DELETE, path, Some(token), &Value::Null)).await
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
}
