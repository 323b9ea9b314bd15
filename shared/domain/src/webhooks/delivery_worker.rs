//! Sending deliveries, and drawing the conclusions.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::deliveries::{Deliveries, DeliveryMessage, Next};
use super::model::{Attempt, AttemptResult, DISABLE_AFTER, Delivery, DisabledReason, Endpoint, State, excerpt};
use super::schedule::{MAX_ATTEMPTS, pause};
use super::sender::{SendFailure, SharedWebhookSender};
use super::signature::{sign, unsigned};
use super::{EndpointId, Owner};
use crate::kernel::{Result, Timestamp};

/// The event of [`DeliveryWorker::test`]. Endpoints need not want it.
const TEST_EVENT: &str = "webhook.test";

/// The receiver does not want webhooks any more.
const GONE: u16 = 410;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// There was nothing to do: it is done, not due, gone, or somebody else works on it.
    Skipped,
    /// The receiver has it.
    Delivered,
    /// It failed and will be tried again.
    Postponed(Timestamp),
    /// It failed for the last time.
    Failed,
    /// The endpoint was removed or disabled meanwhile.
    Cancelled,
    /// It failed, and with that the endpoint was disabled: its owner should be told. This is said once.
    EndpointDisabled(Box<Endpoint>),
}

/// A test event, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDelivery {
    /// The event's id, which was its `webhook-id`.
    pub event_id: Uuid,
    /// Which event it was.
    pub event: &'static str,
    /// How it went.
    pub attempt: Attempt,
}

/// Sends deliveries.
#[derive(Clone)]
pub struct DeliveryWorker {
    deliveries: Deliveries,
    sender: SharedWebhookSender,
}

impl DeliveryWorker {
    /// Sends `deliveries` with `sender`.
    pub fn new(deliveries: Deliveries, sender: SharedWebhookSender) -> Self {
        Self { deliveries, sender }
    }

    /// Makes the attempt that a message asks for. A repeated message does nothing twice at the same time.
    pub async fn attempt(&self, message: DeliveryMessage) -> Result<AttemptOutcome> {
        let Some(delivery) = self.deliveries.claim(message).await? else { return Ok(AttemptOutcome::Skipped) };
        if delivery.attempts > MAX_ATTEMPTS {
            // The worker of the last attempt died.
            return self.end(&delivery, State::Failed, AttemptOutcome::Failed).await;
        }
        let endpoint = self.deliveries.endpoints.find(message.owner, message.endpoint).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_active) else {
            return self.end(&delivery, State::Cancelled, AttemptOutcome::Cancelled).await;
        };
        let (attempt, asked) = self.call(&endpoint, delivery.event_id, &delivery.body).await?;
        let next = self.next(&delivery, &attempt, asked);
        if !self.deliveries.finish(&delivery, Some(&attempt), next).await? {
            return Ok(AttemptOutcome::Skipped);
        }
        self.conclude(&endpoint, &delivery, &attempt, next).await
    }

    /// Sends a test event to the owner's endpoint now, active or not, and says how it went. It is tried once, not kept,
    /// and has no consequences.
    pub async fn test(&self, owner: Owner, endpoint: EndpointId) -> Result<TestDelivery> {
        let endpoints = &self.deliveries.endpoints;
        let endpoint = endpoints.get(owner, endpoint).await?;
        let now = endpoints.clock.now();
        let event_id = endpoints.ids.uuid(now);
        let data = json!({ "webhookId": endpoint.id.to_string() });
        let (attempt, _) = self.call(&endpoint, event_id, &unsigned(event_id, TEST_EVENT, &data, now)?).await?;
        Ok(TestDelivery { event_id, event: TEST_EVENT, attempt })
    }

    /// Signs and sends, and returns how it went and how long the receiver asks to wait.
    async fn call(&self, endpoint: &Endpoint, id: Uuid, body: &str) -> Result<(Attempt, Option<Duration>)> {
        let clock = &self.deliveries.endpoints.clock;
        let at = clock.now();
        let signed = sign(id, body, &endpoint.secrets(at), at)?;
        let failure = match self.sender.send(&endpoint.url, &signed.headers, signed.body).await {
            Ok(answer) => {
                let result = AttemptResult::Answered { status: answer.status, excerpt: excerpt(&answer.excerpt) };
                return Ok((Attempt { at, took: answer.took, result }, answer.retry_after));
            }
            Err(failure) => failure,
        };
        let result = match failure {
            SendFailure::TimedOut => AttemptResult::TimedOut,
            SendFailure::Refused(reason) => {
                tracing::warn!(endpoint = %endpoint.id, %reason, "webhook to a blocked address");
                AttemptResult::Blocked
            }
            SendFailure::Unreachable(reason) => AttemptResult::Unreachable(excerpt(&reason)),
        };
        let took = clock.now().duration_since(at).unsigned_abs();
        Ok((Attempt { at, took, result }, None))
    }

    fn next(&self, delivery: &Delivery, attempt: &Attempt, asked: Option<Duration>) -> Next {
        if attempt.is_success() {
            return Next::Final(State::Delivered);
        }
        if attempt.status() == Some(GONE) {
            return Next::Final(State::Cancelled);
        }
        match pause(delivery.id, delivery.attempts, attempt.status(), asked) {
            Some(pause) => Next::At(self.deliveries.endpoints.clock.now() + pause),
            None => Next::Final(State::Failed),
        }
    }

    /// What an attempt means for its endpoint.
    async fn conclude(
        &self,
        endpoint: &Endpoint,
        delivery: &Delivery,
        attempt: &Attempt,
        next: Next,
    ) -> Result<AttemptOutcome> {
        let endpoints = &self.deliveries.endpoints;
        let outcome = match next {
            Next::Final(State::Delivered) => {
                endpoints.recovered(endpoint).await?;
                return Ok(AttemptOutcome::Delivered);
            }
            Next::Final(State::Cancelled) => AttemptOutcome::Cancelled,
            Next::Final(State::Failed | State::Pending) => AttemptOutcome::Failed,
            Next::At(at) => AttemptOutcome::Postponed(at),
        };
        let reason = if outcome == AttemptOutcome::Cancelled {
            DisabledReason::Gone
        } else if is_hopeless(endpoint, delivery, attempt, next) {
            DisabledReason::Failing
        } else {
            if endpoint.failing_since.is_none() {
                endpoints.began_to_fail(endpoint, attempt.at).await?;
            }
            return Ok(outcome);
        };
        let disabled = endpoints.disable(endpoint, reason).await?;
        Ok(disabled.map_or(outcome, |endpoint| AttemptOutcome::EndpointDisabled(Box::new(endpoint))))
    }

    async fn end(&self, delivery: &Delivery, state: State, outcome: AttemptOutcome) -> Result<AttemptOutcome> {
        let ended = self.deliveries.finish(delivery, None, Next::Final(state)).await?;
        Ok(if ended { outcome } else { AttemptOutcome::Skipped })
    }
}

/// Whether an endpoint that failed again is to be disabled: nothing has got through for five days, or not since the
/// first attempt of a delivery that has failed for good now. One event that a receiver cannot digest among others that
/// it takes does not count.
fn is_hopeless(endpoint: &Endpoint, delivery: &Delivery, attempt: &Attempt, next: Next) -> bool {
    let Some(since) = endpoint.failing_since else { return false };
    if attempt.at.duration_since(since).unsigned_abs() >= DISABLE_AFTER {
        return true;
    }
    let first = delivery.log.iter().find(|before| before.at >= delivery.series_at).unwrap_or(attempt);
    next == Next::Final(State::Failed) && since <= first.at
}
