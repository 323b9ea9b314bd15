//! Responses of handlers.

use std::error::Error as StdError;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use domain::kernel::Error;
use serde::Serialize;

use crate::http::chain;
use crate::problem::Failure;

/// What a handler returns.
pub type Answer<T> = Result<Reply<T>, Failure>;

/// Data, to be wrapped in the product's envelope.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    headers: HeaderMap,
    data: T,
}

/// Marks a response whose body is data without an envelope yet.
#[derive(Clone, Copy)]
pub(crate) struct Data;

impl<T> Reply<T> {
    /// 200.
    pub fn ok(data: T) -> Self {
        Self::with_status(StatusCode::OK, data)
    }

    /// 201.
    pub fn created(data: T) -> Self {
        Self::with_status(StatusCode::CREATED, data)
    }

    /// 202.
    pub fn accepted(data: T) -> Self {
        Self::with_status(StatusCode::ACCEPTED, data)
    }

    fn with_status(status: StatusCode, data: T) -> Self {
        Self { status, headers: HeaderMap::new(), data }
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie<'_>) -> Self {
        append_cookie(&mut self.headers, cookie);
        self
    }
}

/// A 200 whose body another protocol prescribes: no envelope.
#[derive(Debug)]
pub struct RawResponse {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl IntoResponse for RawResponse {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, HeaderValue::from_static(self.content_type))], self.body).into_response()
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.data) {
            Ok(body) => body,
            Err(error) => return Failure::from(Error::internal("serialise answer", error)).into_response(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.extensions_mut().insert(Data);
        response
    }
}

/// 204.
#[derive(Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// A redirect, for browser navigation. The user must not end at a JSON body, so failures are passed to the target page.
#[derive(Debug)]
pub struct Redirect {
    location: String,
    headers: HeaderMap,
    told: Option<Told>,
}

/// The failure that a redirect passes on, for the log.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// As the page gets it.
    pub(crate) code: &'static str,
    /// The cause, if the fault is ours or a dependency's.
    pub(crate) fault: Option<String>,
}

impl Redirect {
    /// 302 to a URL.
    pub fn to(location: impl Into<String>) -> Self {
        Self { location: location.into(), headers: HeaderMap::new(), told: None }
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie<'_>) -> Self {
        append_cookie(&mut self.headers, cookie);
        self
    }

    /// Marks the redirect as a failure, for the log, with the cause if it is a fault.
    #[must_use]
    pub fn telling(mut self, code: &'static str, fault: Option<&dyn StdError>) -> Self {
        self.told = Some(Told { code, fault: fault.map(chain) });
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let location = match HeaderValue::try_from(self.location) {
            Ok(location) => location,
            Err(error) => return Failure::from(Error::internal("redirect", error)).into_response(),
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(LOCATION, location);
        if let Some(told) = self.told {
            response.extensions_mut().insert(told);
        }
        response
    }
}

fn append_cookie(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    // Our cookies have only characters that a header can hold.
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_has_its_cookies_and_tells_the_log_all_causes() {
        let fault = Error::internal("reading the table", "no such table");
        let redirect = Redirect::to("https://a/b#c=d").cookie(&Cookie::new("a", "1")).cookie(&Cookie::new("b", "2"));
        let response = redirect.telling("server_error", Some(&fault)).into_response();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers()[LOCATION], "https://a/b#c=d");
        let cookies: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        let told = response.extensions().get::<Told>().unwrap();
        assert_eq!(told.code, "server_error");
        assert_eq!(told.fault.as_deref(), Some("internal error: reading the table: no such table"));
    }

    #[test]
    fn an_address_that_a_header_cannot_hold_is_a_defect() {
        let response = Redirect::to("https://a/\r\nSet-Cookie: x=y").into_response();
        assert!(response.extensions().get::<std::sync::Arc<Failure>>().is_some());
        assert!(response.headers().is_empty());
    }
}
