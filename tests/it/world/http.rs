//! Requests as a client makes them.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::Value;

use super::World;

/// The header by which a test says where its request comes from. It goes no further than this.
const SOURCE_IP: &str = "test-source-ip";
/// Where requests come from otherwise.
const USUAL_SOURCE_IP: &str = "203.0.113.7";

/// What the document describes. Beside it is what others prescribe: OpenAI's paths, for one.
const DESCRIBED: &str = "/api/v1/";

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub cookies: Vec<String>,
    pub body: Value,
    pub text: String,
}

impl From<Response<Bytes>> for Reply {
    fn from(answer: Response<Bytes>) -> Self {
        let (head, body) = answer.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        let cookies = head.headers.get_all("set-cookie").iter().map(|it| it.to_str().expect("a cookie").to_owned());
        Self {
            status: head.status.as_u16(),
            cookies: cookies.collect(),
            // A stream is no JSON.
            body: serde_json::from_str(&text).unwrap_or_default(),
            headers: head.headers,
            text,
        }
    }
}

impl Reply {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// What the gateway calls the request.
    pub fn request_id(&self) -> &str {
        self.header("apigw-requestid").or_else(|| self.header("x-amzn-requestid")).expect("the gateway's id")
    }
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
    /// Sends any request to the product's front door.
    pub async fn exchange(&self, request: Request<impl Into<Bytes>>) -> Reply {
        self.stack.http(self.product.name, from_outside(request)).await.expect("product").into()
    }

    /// The same; the answer is as the product's document says.
    pub async fn send(&self, request: Request<impl Into<Bytes>>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let reply = self.exchange(request).await;
        if path.starts_with(DESCRIBED) && reply.header("content-type") != Some("text/event-stream") {
            self.product.described.assert_describes(&method, &path, reply.status, &reply.body);
        }
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
}

/// The request as it comes to the front door.
pub fn from_outside(request: Request<impl Into<Bytes>>) -> Request<Bytes> {
    let mut request = request.map(Into::into);
    let source = request.headers_mut().remove(SOURCE_IP);
    let source = source.as_ref().map_or(USUAL_SOURCE_IP, |source| source.to_str().expect("text"));
    let source: IpAddr = source.parse().expect("an address");
    request.extensions_mut().insert(source);
    request
}
