//! The body of an answer, read within the time-outs.

use std::time::Duration;

use bytes::Bytes;
use domain::kernel::Timestamp;
use reqwest::header::HeaderName;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::retry_after::retry_after;
use super::timeouts::{deadline, until};
use super::{Complaint, ErrorAnswer, Failure};
use crate::Secret;

/// Most bytes read of an error answer.
const MAX_ERROR_BODY: usize = 16 * 1024;

pub(crate) struct Body {
    response: Response,
    first_byte_by: Option<Instant>,
    silence: Duration,
    /// Deadline of the next chunk. A wait that is dropped and begun again keeps its deadline.
    waiting_until: Option<Instant>,
    begun: bool,
    secrets: Vec<Secret>,
}

impl Body {
    pub(super) fn new(
        response: Response,
        first_byte_by: Option<Instant>,
        silence: Duration,
        secrets: Vec<Secret>,
    ) -> Self {
        Self { response, first_byte_by, silence, waiting_until: None, begun: false, secrets }
    }

    pub(super) fn is_success(&self) -> bool {
        self.status().is_success()
    }

    /// The status: a success, once a body is returned.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The header's value, if it is text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.waiting_until.is_none() {
            self.waiting_until = if self.begun { deadline(self.silence) } else { self.first_byte_by };
        }
        let chunk = until(self.waiting_until, self.response.chunk()).await??;
        self.waiting_until = None;
        self.begun = true;
        Ok(chunk)
    }

    /// The whole body, at most `limit` bytes.
    pub(crate) async fn whole(mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
            if whole.len() > limit {
                return Err(Failure::Broken(format!("the answer is longer than {limit} bytes")));
            }
        }
        Ok(whole)
    }

    /// The whole body as JSON. `what` names it in errors.
    pub(crate) async fn json<T: DeserializeOwned>(self, what: &str, limit: usize) -> Result<T, Failure> {
        let whole = self.whole(limit).await?;
        serde_json::from_slice(&whole).map_err(|error| Failure::malformed(what, &error))
    }

    /// The complaint in a JSON message of this body, without the keys of this call.
    pub(super) fn complaint(&self, json: &Value) -> Complaint {
        Complaint::from_json(json, &self.secrets)
    }

    /// Reads this as an error answer. The status counts, so a body that breaks off is read as far as it goes.
    pub(super) async fn into_error(mut self, now: Timestamp) -> ErrorAnswer {
        let mut text = Vec::new();
        while let Ok(Some(chunk)) = self.chunk().await {
            text.extend_from_slice(&chunk);
            if text.len() >= MAX_ERROR_BODY {
                text.truncate(MAX_ERROR_BODY);
                break;
            }
        }
        let headers = self.response.headers();
        let request_id = ["x-request-id", "request-id"].into_iter().find_map(|name| headers.get(name)?.to_str().ok());
        ErrorAnswer {
            status: self.response.status().as_u16(),
            complaint: Complaint::from_body(&text, &self.secrets),
            retry_after: retry_after(headers, now),
            request_id: request_id.map(|id| id.chars().take(64).collect()),
        }
    }
}
