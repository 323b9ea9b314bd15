//! What a client may know about a failure.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::aggregator::{CONTENT_FILTER, CONTEXT_LENGTH, UNSUPPORTED};
use domain::easy_writer::IMAGE_FORMAT;
use domain::kernel::{AuthFailure, Denial, Dependency, Error, Resource, Rule, Timestamp, Violation};
use domain::payments::PAYMENT_AMOUNT;
use http::StatusCode;

/// Why a handler did not answer: the domain's error, or something that only exists at the edge.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A use case failed.
    #[error(transparent)]
    Domain(#[from] Error),
    /// The request never reached one.
    #[error(transparent)]
    Edge(#[from] EdgeError),
}

/// What is wrong with a request before anybody looked at its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// No endpoint has this path.
    #[error("no such route")]
    NoSuchRoute,
    /// The path has endpoints, but none with this method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The body is not declared as JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// The body is larger than any endpoint takes.
    #[error("body too large")]
    TooLarge,
    /// The handler panicked.
    #[error("handler panicked")]
    Panicked,
}

impl IntoResponse for Failure {
    /// Carries the failure to the layer that renders it in the product's dialect.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

impl IntoResponse for EdgeError {
    fn into_response(self) -> Response {
        Failure::from(self).into_response()
    }
}

/// The public side of a failure: typed data and nothing internal, so that no dialect can leak what it does not have.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// See [`Error::Invalid`].
    Invalid(Vec<Violation>),
    /// See [`Error::Unauthenticated`].
    Unauthenticated(AuthFailure),
    /// See [`Error::Forbidden`].
    Forbidden(Denial),
    /// See [`Error::NotFound`].
    NotFound(Resource),
    /// See [`Error::AlreadyExists`].
    AlreadyExists(Resource),
    /// See [`Error::Conflict`].
    Conflict(Rule),
    /// See [`Error::InsufficientFunds`].
    InsufficientFunds {
        /// The price, in smallest units.
        needed: i64,
        /// What can be spent, in smallest units.
        available: i64,
    },
    /// See [`Error::RateLimited`].
    RateLimited {
        /// Requests per window.
        limit: u32,
        /// How long to wait.
        retry_after: Duration,
        /// When the next window starts.
        resets_at: Timestamp,
    },
    /// See [`Error::Failed`].
    Failed(Resource),
    /// See [`Error::Unavailable`].
    Unavailable(Dependency),
    /// See [`Error::Internal`]; a panic too.
    Internal,
    /// See [`EdgeError::NoSuchRoute`].
    NoSuchRoute,
    /// See [`EdgeError::MethodNotAllowed`].
    MethodNotAllowed,
    /// See [`EdgeError::UnsupportedMediaType`].
    UnsupportedMediaType,
    /// See [`EdgeError::TooLarge`].
    TooLarge,
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Domain(error) => error.into(),
            Failure::Edge(EdgeError::NoSuchRoute) => Self::NoSuchRoute,
            Failure::Edge(EdgeError::MethodNotAllowed) => Self::MethodNotAllowed,
            Failure::Edge(EdgeError::UnsupportedMediaType) => Self::UnsupportedMediaType,
            Failure::Edge(EdgeError::TooLarge) => Self::TooLarge,
            Failure::Edge(EdgeError::Panicked) => Self::Internal,
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::Invalid(violations) => Self::Invalid(violations.clone()),
            Error::Unauthenticated(failure) => Self::Unauthenticated(*failure),
            Error::Forbidden(denial) => Self::Forbidden(*denial),
            Error::NotFound(resource) => Self::NotFound(*resource),
            Error::AlreadyExists(resource) => Self::AlreadyExists(*resource),
            Error::Conflict(rule) => Self::Conflict(*rule),
            Error::InsufficientFunds { needed, available } => {
                Self::InsufficientFunds { needed: needed.units(), available: available.units() }
            }
            Error::RateLimited { limit, retry_after, resets_at } => {
                Self::RateLimited { limit: *limit, retry_after: *retry_after, resets_at: *resets_at }
            }
            Error::Failed { resource, .. } => Self::Failed(*resource),
            Error::Unavailable { dependency, .. } => Self::Unavailable(*dependency),
            Error::Internal { .. } => Self::Internal,
        }
    }
}

impl Problem {
    /// The status that a product uses unless its contract says otherwise.
    pub fn usual_status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::AlreadyExists(_) | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::InsufficientFunds { .. } => StatusCode::PAYMENT_REQUIRED,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// Whether it is our fault or our dependencies' rather than the caller's.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Unavailable(_) | Self::Internal)
    }

    /// How long the caller should wait before asking again, where that can help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            Self::Unavailable(_) => Some(Duration::from_secs(5)),
            Self::Conflict(Rule::Busy) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// One of each kind, for tests that look at all of them.
    pub fn samples() -> Vec<Self> {
        let violation = |code| Violation { field: "field".to_owned(), code, message: "message".to_owned() };
        vec![
            Self::Invalid(vec![violation("required")]),
            Self::Invalid(vec![violation(IMAGE_FORMAT)]),
            Self::Invalid(vec![violation(PAYMENT_AMOUNT)]),
            Self::Invalid(vec![violation(CONTEXT_LENGTH)]),
            Self::Invalid(vec![violation(CONTENT_FILTER)]),
            Self::Invalid(vec![violation(UNSUPPORTED)]),
            Self::Unauthenticated(AuthFailure::Credentials),
            Self::Unauthenticated(AuthFailure::TokenExpired),
            Self::Unauthenticated(AuthFailure::TokenInvalid),
            Self::Unauthenticated(AuthFailure::Signature),
            Self::Forbidden(Denial::Permission),
            Self::Forbidden(Denial::Unverified),
            Self::NotFound(Resource::USER),
            Self::NotFound(Resource::TAB),
            Self::NotFound(Resource::TOOL),
            Self::NotFound(Resource::SESSION),
            Self::NotFound(Resource::IMAGE),
            Self::NotFound(Resource::PAYMENT),
            Self::NotFound(Resource::MODEL),
            Self::NotFound(Resource::API_KEY),
            Self::NotFound(Resource::WEBHOOK),
            Self::NotFound(Resource::DELIVERY),
            Self::AlreadyExists(Resource::EMAIL),
            Self::AlreadyExists(Resource::SESSION),
            Self::Conflict(Rule::IdempotencyKeyReused),
            Self::Conflict(Rule::NoPassword),
            Self::Conflict(Rule::Busy),
            Self::Conflict(Rule::InProgress),
            Self::Conflict(Rule::NotCompleted),
            Self::InsufficientFunds { needed: 50, available: 7 },
            Self::RateLimited { limit: 10, retry_after: Duration::from_secs(30), resets_at: Timestamp::UNIX_EPOCH },
            Self::Failed(Resource::SESSION),
            Self::Failed(Resource::IMAGE),
            Self::Failed(Resource::PAYMENT),
            Self::Unavailable(Dependency::Provider),
            Self::Unavailable(Dependency::PaymentProvider),
            Self::Unavailable(Dependency::Store),
            Self::Internal,
            Self::NoSuchRoute,
            Self::MethodNotAllowed,
            Self::UnsupportedMediaType,
            Self::TooLarge,
        ]
    }
}
