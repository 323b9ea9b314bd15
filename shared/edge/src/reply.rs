//! Successful answers of handlers.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use domain::kernel::Error;
use serde::Serialize;

use crate::problem::Failure;

/// What a handler returns.
pub type Answer<T> = Result<Reply<T>, Failure>;

/// Data for the client, to be wrapped in the product's envelope.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    headers: HeaderMap,
    data: T,
}

/// Marks a response whose body is a handler's data, still without envelope.
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

    /// Sets a cookie along with the answer.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie<'_>) -> Self {
        // A cookie that we build ourselves has no characters that a header cannot hold.
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            self.headers.append(SET_COOKIE, value);
        }
        self
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
