//! What can go wrong with stored state, in the few kinds that callers act on.

use std::collections::HashMap;
use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use crate::Cancelled;

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;
type Item = HashMap<String, AttributeValue>;

/// Why a call did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The condition of a single write did not hold. What that means is for the call site to say.
    #[error("condition failed")]
    ConditionFailed(Failed),
    /// At least one condition of a transaction did not hold; [`Error::failed`] says which.
    #[error("transaction cancelled")]
    Cancelled(Cancelled),
    /// Other transactions kept touching the same items; trying again later can help.
    #[error("too much contention")]
    Contended,
    /// A stored item does not have the shape that the code expects.
    #[error("stored item {key} does not parse")]
    Corrupt {
        /// Partition and sort key of the item.
        key: String,
        /// What is wrong with it.
        source: Source,
    },
    /// The service did not answer in time, throttles, or failed; trying again later can help.
    #[error("{service} unavailable")]
    Unavailable {
        /// Which AWS service.
        service: &'static str,
        /// What it said.
        source: Source,
    },
    /// The service refused the request: a defect in the code or its permissions.
    #[error("{service} refused the request")]
    Internal {
        /// Which AWS service.
        service: &'static str,
        /// What it said.
        source: Source,
    },
}

/// A condition that did not hold, with the item as it was.
#[derive(Debug, Clone)]
pub struct Failed {
    pub(crate) item: Option<Item>,
}

impl Failed {
    /// The item that was there; `None` when there was none.
    pub fn item<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        match &self.item {
            None => Ok(None),
            Some(item) if item.is_empty() => Ok(None),
            Some(item) => parse(item.clone()).map(Some),
        }
    }
}

impl Error {
    /// An error of the SDK that has no meaning of its own to the caller: unavailable if repeating can help, else a refusal.
    pub(crate) fn from_sdk<E, R>(service: &'static str, error: SdkError<E, R>) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let unavailable = match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
            SdkError::ServiceError(failure) => is_transient(failure.err().code()),
            _ => false,
        };
        let source = Box::new(error);
        if unavailable { Self::Unavailable { service, source } } else { Self::Internal { service, source } }
    }
}

/// Error codes after which the same request can succeed later. A 5xx without a code is one of them.
fn is_transient(code: Option<&str>) -> bool {
    matches!(
        code,
        None | Some(
            "InternalError"
                | "InternalFailure"
                | "InternalServerError"
                | "LimitExceededException"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "ServiceUnavailable"
                | "SlowDown"
                | "ThrottlingException"
                | "TooManyRequestsException"
        )
    )
}

/// Reads an item into its stored type.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T> {
    let key = ["pk", "sk"]
        .into_iter()
        .filter_map(|name| item.get(name).and_then(|value| value.as_s().ok()))
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    serde_dynamo::from_item(item).map_err(|error| Error::Corrupt { key, source: error.into() })
}
