//! The one error of the domain: a closed set of meanings.
//!
//! It names no HTTP and no SDK. What a client may see is typed data ([`Violation`], [`Rule`], [`Resource`]); what it
//! may not see is in `source` and `context`, which `Display` never prints. The edge chooses status, code and message
//! per product.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::{Amount, Timestamp};

/// A result with the domain's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request's data breaks a stated rule. Never empty.
    #[error("invalid request")]
    Invalid(Vec<Violation>),
    /// Authentication failed.
    #[error("not authenticated: {0:?}")]
    Unauthenticated(AuthFailure),
    /// The caller is known and may not do this.
    #[error("forbidden: {0:?}")]
    Forbidden(Denial),
    /// The resource does not exist, or belongs to somebody else: the answer does not say which.
    #[error("{0:?} not found")]
    NotFound(Resource),
    /// The resource to be created exists already.
    #[error("{0:?} exists already")]
    AlreadyExists(Resource),
    /// The state of the resource does not allow the operation.
    #[error("conflict: {0:?}")]
    Conflict(Rule),
    /// The account's balance does not cover the amount.
    #[error("insufficient funds: {needed} needed, {available} available")]
    InsufficientFunds {
        /// The amount to be held or debited.
        needed: Amount,
        /// What can be spent.
        available: Amount,
    },
    /// Too many requests.
    #[error("rate limited")]
    RateLimited {
        /// Requests allowed in the window.
        limit: u32,
        /// How long to wait.
        retry_after: Duration,
        /// When requests are allowed again.
        resets_at: Timestamp,
    },
    /// The work was attempted and failed; nothing was charged.
    #[error("{resource:?} failed")]
    Failed {
        /// What was to be made.
        resource: Resource,
        /// The cause, for the log.
        source: Source,
    },
    /// A dependency does not answer; a retry later can help.
    #[error("{dependency:?} unavailable")]
    Unavailable {
        /// The dependency that does not answer.
        dependency: Dependency,
        /// The cause, for the log.
        source: Source,
    },
    /// A defect, or data that should not exist.
    #[error("internal error: {context}")]
    Internal {
        /// The operation, for the log.
        context: &'static str,
        /// The cause, for the log.
        source: Source,
    },
}

/// How authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFailure {
    /// E-mail or password is wrong; the answer does not say which.
    Credentials,
    /// The token has expired.
    TokenExpired,
    /// The token is missing, malformed, forged, revoked, or of another kind.
    TokenInvalid,
    /// Signature verification of another company's request failed.
    Signature,
}

/// Why an authenticated caller may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The credential lacks the permission.
    Permission,
    /// The account's e-mail address is not confirmed.
    Unverified,
}

/// A kind of object that can be missing, exist already, or fail.
///
/// Each context and each product declares its own, as associated constants in its `mod.rs`; the kernel knows none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Resource(&'static str);

impl Resource {
    /// The kind of object that logs call `name`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A rule about states that an operation can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The account has no password: its owner signs in through an identity provider.
    NoPassword,
    /// Too many concurrent writers; the caller may retry.
    Busy,
    /// Another operation on the resource has not finished.
    InProgress,
    /// The resource failed, so no operation can build on it.
    NotCompleted,
}

/// Something outside the process that a use case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// The tables.
    Store,
    /// The buckets.
    Objects,
    /// The queues.
    Queue,
    /// The WebSocket gateway.
    Sockets,
    /// All vendors that could have done the work.
    Provider,
    /// The requested payment provider.
    PaymentProvider,
}

/// One rule that one field breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, dotted: `input.text`. Empty for the whole body.
    pub field: String,
    /// Stable code for programs: `required`, `too_long`, `format`, …
    pub code: &'static str,
    /// Message for people, in the product's language.
    pub message: String,
}

impl Error {
    /// One field breaks one rule.
    pub fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), code, message: message.into() }])
    }

    /// A defect with its cause.
    pub fn internal(context: &'static str, source: impl Into<Source>) -> Self {
        Self::Internal { context, source: source.into() }
    }

    /// Whether we or our dependencies are at fault, not the caller: logged at `error`.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Unavailable { .. } | Self::Internal { .. } => true,
            Self::Invalid(_)
            | Self::Unauthenticated(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::AlreadyExists(_)
            | Self::Conflict(_)
            | Self::InsufficientFunds { .. }
            | Self::RateLimited { .. } => false,
        }
    }
}

impl From<store::Error> for Error {
    /// A storage failure to which the call site gave no other meaning. A failed condition is a defect here: a use case
    /// that expects one must say what it means.
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable { .. } => {
                Self::Unavailable { dependency: Dependency::Store, source: error.into() }
            }
            store::Error::Contended => Self::Conflict(Rule::Busy),
            store::Error::ConditionFailed(_)
            | store::Error::Cancelled(_)
            | store::Error::Corrupt { .. }
            | store::Error::Internal { .. } => Self::internal("storage", error),
        }
    }
}
