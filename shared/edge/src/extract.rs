//! What handlers take in. Every rejection is a [`Failure`], so it is answered in the product's dialect.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use domain::identity::{AccessToken, Identity};
use domain::kernel::{AuthFailure, Error, Page, UserId};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

pub use crate::http::RequestScope;

use crate::hop::Source;
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

/// The most bytes that a conversation may have: pictures come within it. Lambda takes 6 MB of an event, of which some are quotes.
const MAX_CONVERSATION_BYTES: usize = 5 * 1024 * 1024;

/// A long JSON body, unread: whoever passes it on needs it as it was written.
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

/// Reads a body in two passes: first as JSON, then as what the endpoint takes, so that only what is not JSON is told to be malformed.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| Error::invalid("", "malformed", "Тело запроса не является корректным JSON"))?;
    // serde would take a list for an object, field by field.
    if !value.is_object() {
        return Err(Error::invalid("", "type", "Ожидается объект"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| violation(field(error.path()), error.inner()))
}

/// A path as clients know it: names and positions, joined by dots.
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
    // serde names a missing field in its message only.
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        let field = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        return Error::invalid(field, "required", "Заполните поле");
    }
    Error::invalid(path, "type", "Недопустимое значение")
}

/// The one parameter of a path. A path that is not text leads nowhere.
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

/// Both parameters of a path that has two.
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

/// `Idempotency-Key`, if the caller sent one: a repeat of the same request then gets the first one's answer.
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

/// Who calls, proved by `Authorization: Bearer`.
pub struct Caller(pub AccessToken);

impl Caller {
    /// The user.
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

/// The address (IPv6: the network) that the request came from, as the outermost trusted hop saw it. Other headers say what the client wants them
/// to, so they are not asked.
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(source(parts).map_or_else(|| "unknown".to_owned(), network)))
    }
}

/// The address that the request came from.
fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Source>().and_then(|source| source.0)
}

/// What counts as one caller: an IPv4 address, or the /64 of an IPv6 address, which is what one customer of a provider gets.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The most bytes that a call of another company may have.
const MAX_CALL_BYTES: usize = 64 * 1024;

/// A call of another company, as it came in: whoever proves it needs every byte.
pub struct RawCall {
    /// The query string, still encoded; empty if there is none.
    pub query: String,
    /// `Content-Type`; empty if there is none.
    pub content_type: String,
    /// The body, byte for byte, up to 64 KB.
    pub body: bytes::Bytes,
    /// The address that the call came from, as the outermost trusted hop saw it.
    pub source: Option<IpAddr>,
    headers: http::HeaderMap,
}

impl RawCall {
    /// The value of a header, if it is there and text.
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

/// The parameters of the query, for callers that must not be refused over its form: what cannot be read is not there.
pub struct QueryParameters(Vec<(String, String)>);

impl QueryParameters {
    /// The value of the parameter `name`, unless it is given twice.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(parameter, _)| parameter == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryParameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(axum::extract::Query::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default()))
    }
}

/// The most items of one page.
const MAX_LIMIT: u32 = 100;
/// Skipping reads what it skips, so there is an end to it.
const MAX_OFFSET: u32 = 10_000;

/// Reads limit and offset; without a limit the page has `default_limit` items.
fn page(query: &str, default_limit: u32) -> Result<Page, Error> {
    let uri = http::Uri::builder().path_and_query(format!("/?{query}")).build();
    let uri = uri.map_err(|error| Error::internal("query", error))?;
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let pairs = pairs.map_err(|_| Error::invalid("", "format", "Недопустимая строка запроса"))?.0;
    let given = |field: &'static str| -> Result<Option<String>, Error> {
        let mut values = pairs.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Error::invalid(field, "duplicate", "Параметр указан несколько раз")),
        }
    };
    let number = |field: &'static str, text: Option<String>, default: u32, range: std::ops::RangeInclusive<u32>| {
        let Some(text) = text else { return Ok(default) };
        match text.parse::<u32>() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => {
                let message = format!("Ожидается целое число от {} до {}", range.start(), range.end());
                Err(Error::invalid(field, "range", message))
            }
        }
    };
    let limit = number("limit", given("limit")?, default_limit, 1..=MAX_LIMIT)?;
    let offset = number("offset", given("offset")?, 0, 0..=MAX_OFFSET)?;
    Ok(Page { limit, offset })
}

/// `?limit=&offset=`, with `DEFAULT` items a page.
pub struct PagingOf<const DEFAULT: u32>(pub Page);

impl<const DEFAULT: u32, S: Send + Sync> FromRequestParts<S> for PagingOf<DEFAULT> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(page(parts.uri.query().unwrap_or_default(), DEFAULT)?))
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

    #[tokio::test]
    async fn parameters_that_cannot_be_read_are_not_there() {
        let read = async |query: &str| {
            let request = Request::builder().uri(format!("/?{query}")).body(axum::body::Body::empty()).unwrap();
            QueryParameters::from_request_parts(&mut request.into_parts().0, &()).await.unwrap()
        };
        let parameters = read("a=1%2B2+3&b=&c=1&c=2").await;
        assert_eq!((parameters.get("a"), parameters.get("b")), (Some("1+2 3"), Some("")));
        assert_eq!((parameters.get("c"), parameters.get("d")), (None, None));
        for odd in ["", "a", "%", "a=%FF", "&&=", "a[b]=1"] {
            assert_eq!(read(odd).await.get("state"), None, "{odd}");
        }
    }

    #[test]
    fn an_ipv6_customer_is_one_caller() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }

    #[test]
    fn pages_have_bounds() {
        let page = |query| page(query, 20);
        assert_eq!(page("").unwrap(), Page { limit: 20, offset: 0 });
        assert_eq!(page("limit=5&offset=7").unwrap(), Page { limit: 5, offset: 7 });
        for bad in
            ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "offset=10001", "offset=1e3", "limit=1&limit=2"]
        {
            assert!(page(bad).is_err(), "{bad}");
        }
    }
}
