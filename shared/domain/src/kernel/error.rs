//! The one error of the domain: a closed set of meanings.
//!
//! No HTTP and no SDK in its vocabulary. What may be shown to a client is typed data ([`Violation`], [`Rule`], [`Resource`]); what may not is
//! in `source` and `context`, which `Display` never prints. The edge decides status, code and words per product.

use std::error::Error as StdError;
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
    /// The caller did not prove who it is.
    #[error("not authenticated: {0:?}")]
    Unauthenticated(AuthFailure),
    /// The caller is known and may not do this.
    #[error("forbidden: {0:?}")]
    Forbidden(Denial),
    /// The thing does not exist, or not for this caller: the two are not told apart.
    #[error("{0:?} not found")]
    NotFound(Resource),
    /// The thing to be created is there already.
    #[error("{0:?} exists already")]
    AlreadyExists(Resource),
    /// The state of the thing does not allow the operation.
    #[error("conflict: {0:?}")]
    Conflict(Rule),
    /// The account's balance does not cover the price.
    #[error("insufficient funds: {needed} needed, {available} available")]
    InsufficientFunds {
        /// The price.
        needed: Amount,
        /// What can be spent.
        available: Amount,
    },
    /// The caller asked too often.
    #[error("rate limited")]
    RateLimited {
        /// Requests allowed in the window.
        limit: u32,
        /// How long to wait.
        retry_after: Duration,
        /// When requests are allowed again.
        resets_at: Timestamp,
    },
    /// The work was tried and did not succeed; nothing was charged.
    #[error("{resource:?} failed")]
    Failed {
        /// What was being made.
        resource: Resource,
        /// What went wrong, for the log.
        source: Source,
    },
    /// Something this product depends on does not answer; trying again later can help.
    #[error("{dependency:?} unavailable")]
    Unavailable {
        /// What does not answer.
        dependency: Dependency,
        /// What it said, for the log.
        source: Source,
    },
    /// A defect, or data that should not exist.
    #[error("internal error: {context}")]
    Internal {
        /// What was being done, for the log.
        context: &'static str,
        /// What went wrong, for the log.
        source: Source,
    },
}

/// How authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFailure {
    /// E-mail or password is wrong; which one is not told.
    Credentials,
    /// The token was valid once.
    TokenExpired,
    /// There is no token, it is malformed, forged, revoked, or of another kind.
    TokenInvalid,
    /// A call that claims to come from another company is not proved to.
    Signature,
}

/// Why a known caller may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The key was made without this permission, or no key has it.
    Permission,
    /// The address of the account is not confirmed yet.
    Unverified,
}

/// A kind of thing that can be missing, or exist already, or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A user account.
    User,
    /// An e-mail address that identifies an account.
    Email,
    /// A group of tools.
    Tab,
    /// A writing tool.
    Tool,
    /// A generation and its result.
    Session,
    /// A picture.
    Image,
    /// An intent to pay.
    Payment,
    /// A language model.
    Model,
    /// A key for programs.
    ApiKey,
    /// An address that is told about events.
    Webhook,
    /// An event on its way to such an address.
    Delivery,
}

/// A rule about states that an operation can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// An idempotency key was used for another operation.
    IdempotencyKeyReused,
    /// The account has no password: it signs in through a provider.
    NoPassword,
    /// Too many writers at once; the caller may repeat.
    Busy,
    /// The thing is not finished yet: another operation on it must end first.
    InProgress,
    /// The thing failed, so there is nothing to go on from.
    NotCompleted,
}

/// Something outside the process.
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
    /// Every vendor that could have done the work.
    Provider,
    /// The payment provider that was asked for.
    PaymentProvider,
}

/// One rule that one field breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, dotted: `input.text`. Empty for the whole body.
    pub field: String,
    /// Stable word for programs: `required`, `too_long`, `format`, …
    pub code: &'static str,
    /// What to say to a person, in the product's language.
    pub message: String,
}

/// Code of a [`Violation`] for a picture format that there is not: a contract may have a code of its own for the whole request.
pub const IMAGE_FORMAT: &str = "image_format";
/// Code of a [`Violation`] for an amount that cannot be paid: likewise.
pub const PAYMENT_AMOUNT: &str = "payment_amount";

impl Error {
    /// One field breaks one rule.
    pub fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), code, message: message.into() }])
    }

    /// A defect with its cause.
    pub fn internal(context: &'static str, source: impl Into<Source>) -> Self {
        Self::Internal { context, source: source.into() }
    }

    /// Whether this is our fault or our dependencies' rather than the caller's: logged as an error.
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
    /// A storage failure that the call site gave no other meaning: an unmet condition is a defect here, because a use case that expects one
    /// must say what it means.
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
