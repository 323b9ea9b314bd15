//! What a refused request answers: an AWS JSON 1.0 error document plus the header that carries the older query-protocol
//! code, by which every AWS SDK types SQS errors.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply;

/// Largest message and largest sum of a batch, in bytes (1 MiB since August 2025; 256 KiB before).
pub(super) const MAX_MESSAGE_BYTES: usize = 1_048_576;
/// Most entries in a batch and most messages in one receive.
pub(super) const MAX_BATCH: usize = 10;

/// A refused request. Texts are those that AWS sends, because people search for them.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No queue of that name in this account.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// The named attribute differs from the one of the existing queue.
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    /// The queue cannot have the named attribute.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// The value of the named attribute is outside its range.
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    /// Any other bad parameter; the text says which.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is absent or empty.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// The handle was not issued by this queue.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The body holds a character that XML 1.0 forbids.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// A batch without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// A batch of that many entries.
    #[error("Maximum number of entries per request are {MAX_BATCH}. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch have that id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// An entry's id is empty, too long or has other characters.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// The messages of a batch are that many bytes together.
    #[error("Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    /// The named queue was purged less than a minute ago.
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    /// This engine has no such action.
    #[error("The action {0} is not valid for this endpoint.")]
    InvalidAction(String),
    /// The request body is not the JSON that the action takes.
    #[error("{0}")]
    Serialization(String),
    /// The store failed: a defect or a full disk, never the caller's mistake. The cause is logged, not sent.
    #[error("The request processing has failed because of an unknown error.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    /// The shape named in the JSON document, and the code of the older query protocol.
    const fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Self::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists"),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "InvalidAttributeValue"),
            Self::InvalidParameterValue(_) => ("InvalidParameterValueException", "InvalidParameterValue"),
            Self::MissingParameter(_) => ("MissingRequiredParameterException", "MissingParameter"),
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::EmptyBatchRequest => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest(_) => {
                ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
            }
            Self::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::InvalidBatchEntryId => ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
            Self::BatchRequestTooLong(_) => ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
            Self::PurgeQueueInProgress(_) => ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
            Self::InvalidAction(_) => ("UnknownOperationException", "InvalidAction"),
            Self::Serialization(_) => ("SerializationException", "SerializationException"),
            Self::Internal(_) => ("InternalFailure", "InternalFailure"),
        }
    }

    /// SQS's own shapes and those of the framework that all AWS services share.
    const fn namespace(&self) -> &'static str {
        match self {
            Self::InvalidParameterValue(_)
            | Self::MissingParameter(_)
            | Self::InvalidAction(_)
            | Self::Serialization(_)
            | Self::Internal(_) => "com.amazon.coral.service",
            _ => "com.amazonaws.sqs",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::PurgeQueueInProgress(_) => StatusCode::FORBIDDEN,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The code by which SDKs know this fault; also the `Code` of a failed batch entry.
    pub const fn code(&self) -> &'static str {
        self.codes().1
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(%cause, "queue store failed");
        }
        let (shape, code) = self.codes();
        let body = json!({ "__type": format!("{}#{shape}", self.namespace()), "message": self.to_string() });
        let mut response = reply(self.status(), &body);
        let party = if self.status().is_server_error() { "Receiver" } else { "Sender" };
        if let Ok(value) = HeaderValue::try_from(format!("{code};{party}")) {
            response.headers_mut().insert(HeaderName::from_static("x-amzn-query-error"), value);
        }
        response
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Internal(Box::new(cause))
    }
}

impl From<serde_json::Error> for Fault {
    fn from(cause: serde_json::Error) -> Self {
        Self::Internal(Box::new(cause))
    }
}
