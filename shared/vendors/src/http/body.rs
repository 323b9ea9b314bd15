//! The body of an answer, read piece by piece within the time-outs.

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

/// The most bytes of an error answer that are read.
const MAX_ERROR_BODY: usize = 16 * 1024;

/// The body of an answer.
pub(crate) struct Body {
    response: Response,
    first_byte_by: Option<Instant>,
    silence: Duration,
    /// When the piece that is waited for must have come: a wait that was dropped and begun anew is still the same wait.
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

    /// The status; that of a success for whoever gets to see a body.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The header's value, if it is text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next bytes, however many have come; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.waiting_until.is_none() {
            self.waiting_until = if self.begun { deadline(self.silence) } else { self.first_byte_by };
        }
        let chunk = until(self.waiting_until, self.response.chunk()).await??;
        self.waiting_until = None;
        self.begun = true;
        Ok(chunk)
    }

    /// The whole body, which must not be longer than `limit` bytes.
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

    /// The whole body as JSON. `what` names it in the error.
    pub(crate) async fn json<T: DeserializeOwned>(self, what: &str, limit: usize) -> Result<T, Failure> {
        let whole = self.whole(limit).await?;
        serde_json::from_slice(&whole).map_err(|error| Failure::malformed(what, &error))
    }

    /// What a JSON message in this body complains of, without the keys of this call.
    pub(super) fn complaint(&self, json: &Value) -> Complaint {
        Complaint::from_json(json, &self.secrets)
    }

    /// Reads this as an error answer. The status counts, so a body that breaks off or does not come is read as far as
    /// it goes.
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
