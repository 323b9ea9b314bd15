//! One SQS queue, from the sender's side.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use serde::Serialize;

use crate::meter::{self, Usage};
use crate::{Error, Result};

const SERVICE: &str = "sqs";

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
}

impl Queue {
    /// The queue at `url`.
    pub fn new(client: Client, url: &str) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends one message as JSON.
    pub async fn send(&self, message: &impl Serialize) -> Result<()> {
        self.send_after(Duration::ZERO, message).await
    }

    /// Sends one message as JSON that nobody gets before `delay` is over, 15 minutes at most. SQS counts whole seconds: it is rounded up.
    pub async fn send_after(&self, delay: Duration, message: &impl Serialize) -> Result<()> {
        let seconds = i32::try_from(delay.as_millis().div_ceil(1000)).unwrap_or(i32::MAX);
        let body = serde_json::to_string(message)
            .map_err(|error| Error::Internal { service: SERVICE, source: error.into() })?;
        meter::add(Usage { queue_calls: 1, ..Usage::default() });
        self.client
            .send_message()
            .queue_url(&*self.url)
            .message_body(body)
            .set_delay_seconds((seconds > 0).then_some(seconds))
            .send()
            .await
            .map_err(|error| Error::from_sdk(SERVICE, error))?;
        Ok(())
    }
}
