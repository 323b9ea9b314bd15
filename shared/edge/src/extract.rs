//! Extractors. Every rejection is a [`Failure`], so it is rendered in the product's envelope.

use std::net::IpAddr;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use domain::identity::{AccessToken, Identity};
use domain::kernel::{AuthFailure, Error, UserId};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

pub use crate::http::RequestScope;

use crate::client_ip::Source;
use crate::http::MAX_BODY_BYTES;
use crate::problem::{EdgeError, Failure};

/// A JSON body. Violations name the field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_json(&request) {
            return Err(EdgeError::UnsupportedMediaType.into());
        }
        let body = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await;
        let bytes = body.map_err(|_| EdgeError::TooLarge)?.to_bytes();
        Ok(Self(parse(&bytes)?))
    }
}

/// Largest conversation, in bytes; it may contain images. Lambda takes events of 6 MB, including escapes.
const MAX_CONVERSATION_BYTES: usize = 5 * 1024 * 1024;

/// A large JSON body, unparsed, to be passed on as it is.
pub struct LongBody(pub bytes::Bytes);

impl<S: Send + Sync> FromRequest<S> for LongBody {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_json(&request) {
            return Err(EdgeError::UnsupportedMediaType.into());
        }
        let body = Limited::new(request.into_body(), MAX_CONVERSATION_BYTES).collect().await;
        Ok(Self(body.map_err(|_| EdgeError::TooLarge)?.to_bytes()))
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// Parses in two passes, as JSON and then as `T`, so that only what is not JSON is reported as malformed.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| Error::invalid("", "malformed", "Тело запроса не является корректным JSON"))?;
    // serde also deserializes a struct from a list.
    if !value.is_object() {
        return Err(Error::invalid("", "type", "Ожидается объект"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| violation(field(error.path()), error.inner()))
}

/// The path of a field: names and indices, joined by dots.
fn field(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect::<Vec<_>>().join(".")
}

fn violation(path: String, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // serde names a missing field only in its message.
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        let field = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        return Error::invalid(field, "required", "Заполните поле");
    }
    Error::invalid(path, "type", "Недопустимое значение")
}

/// The parameter of a path with one. A path that is not UTF-8 is an unknown route.
pub struct PathParameter(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathParameter {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Path::<String>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(text)) => Ok(Self(text)),
            Err(_) => Err(EdgeError::NoSuchRoute.into()),
        }
    }
}

/// The parameters of a path with two.
pub struct PathPair(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathPair {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path((first, second))) => Ok(Self(first, second)),
            Err(_) => Err(EdgeError::NoSuchRoute.into()),
        }
    }
}

/// The header `Idempotency-Key`, if present.
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        const NAME: &str = "idempotency-key";
        let Some(value) = parts.headers.get(NAME) else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| (1..=128).contains(&key.len()) && !key.contains(' '));
        let malformed = || Error::invalid(NAME, "format", "Ожидается от 1 до 128 печатных символов ASCII без пробелов");
        Ok(Self(Some(key.ok_or_else(malformed)?.to_owned())))
    }
}

/// The user, authenticated by `Authorization: Bearer`.
pub struct Caller(pub AccessToken);

impl Caller {
    pub fn user(&self) -> UserId {
        self.0.user
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Identity: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let token = bearer(parts).ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
        Ok(Self(Identity::from_ref(state).authenticate(token)?))
    }
}

pub(crate) fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The client's address (IPv6: its /64 network), as the outermost trusted proxy saw it. Headers that the client
/// controls are ignored.
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(source(parts).map_or_else(|| "unknown".to_owned(), network)))
    }
}

fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Source>().and_then(|source| source.0)
}

/// What rate limits count as one client: an IPv4 address, or the /64 of an IPv6 address, which providers assign per
/// customer.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Largest webhook request, in bytes.
const MAX_CALL_BYTES: usize = 64 * 1024;

/// An incoming webhook request, unparsed: signatures cover every byte.
pub struct RawCall {
    /// The query string, still encoded; empty if there is none.
    pub query: String,
    /// `Content-Type`; empty if there is none.
    pub content_type: String,
    /// The body, byte for byte, up to 64 KB.
    pub body: bytes::Bytes,
    /// The client's address, as the outermost trusted proxy saw it.
    pub source: Option<IpAddr>,
    headers: http::HeaderMap,
}

impl RawCall {
    /// The value of a header, if present and text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}

impl<S: Send + Sync> FromRequest<S> for RawCall {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, MAX_CALL_BYTES).collect().await;
        let mut call = Self {
            query: parts.uri.query().unwrap_or_default().to_owned(),
            content_type: String::new(),
            body: body.map_err(|_| EdgeError::TooLarge)?.to_bytes(),
            source: source(&parts),
            headers: parts.headers,
        };
        call.content_type = call.header("content-type").unwrap_or_default();
        Ok(call)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestScope {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let scope = parts.extensions.get::<Self>().cloned();
        Ok(scope.ok_or_else(|| Error::internal("request scope", "the rendering layer is missing"))?)
    }
}

/// The cookies of the request.
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// The value of the cookie `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(cookie, _)| cookie == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Cookies {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let headers = parts.headers.get_all(http::header::COOKIE);
        let pairs =
            headers.iter().filter_map(|value| value.to_str().ok()).flat_map(cookie::Cookie::split_parse).flatten();
        Ok(Self(pairs.map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
        #[expect(dead_code, reason = "only parsed")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only parsed")]
        count: u32,
    }

    fn violation_of(text: &str) -> (String, &'static str) {
        match parse::<Sample>(text.as_bytes()) {
            Err(Error::Invalid(violations)) => (violations[0].field.clone(), violations[0].code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn violations_name_the_field() {
        assert_eq!(violation_of("{}"), ("name".to_owned(), "required"));
        assert_eq!(violation_of(r#"{"name":5}"#), ("name".to_owned(), "type"));
        assert_eq!(violation_of(r#"{"name":"a","inner":{}}"#), ("inner.count".to_owned(), "required"));
        assert_eq!(violation_of(r#"{"name":"a","inner":{"count":-1}}"#), ("inner.count".to_owned(), "type"));
        assert_eq!(violation_of(r#"{"name":"a"} x"#), (String::new(), "malformed"));
        assert_eq!(violation_of(""), (String::new(), "malformed"));
    }

    #[test]
    fn an_ipv6_customer_is_one_caller() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
