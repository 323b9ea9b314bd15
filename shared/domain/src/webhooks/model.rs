//! Endpoints and deliveries.

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::{DeliveryId, EndpointId, Owner};
use crate::idempotency::Request;
use crate::kernel::Timestamp;

/// How long a replaced secret signs beside the new one.
pub(super) const ROTATION: Duration = Duration::from_hours(24);
/// An endpoint that has only failed for this long is disabled.
pub(super) const DISABLE_AFTER: Duration = Duration::from_hours(5 * 24);
/// The most bytes of an answer that a delivery keeps.
const MAX_EXCERPT: usize = 1024;

/// What signs webhooks. It has to be kept readable; `Debug` does not show it, there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// The secret itself, for its owner, once, and for signing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SigningSecret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(***)")
    }
}

/// One address that events are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub owner: Owner,
    /// The address.
    pub url: String,
    /// The events that it wants, each once.
    pub events: Vec<String>,
    /// Whether anything is sent.
    pub is_active: bool,
    /// Why it was disabled, if we did that.
    pub disabled: Option<DisabledReason>,
    /// Since when nothing has got through.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner, or we, last changed it.
    pub updated_at: Timestamp,
    /// Not for those who list endpoints: it is told once.
    pub(super) secret: SigningSecret,
    /// The secret before, and until when it signs too.
    pub(super) previous: Option<(SigningSecret, Timestamp)>,
}

impl Endpoint {
    /// Whether an event is to be sent here.
    pub fn wants(&self, event: &str) -> bool {
        self.is_active && self.events.iter().any(|wanted| wanted == event)
    }

    /// The secrets that sign at `now`, the current one first.
    pub(super) fn secrets(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        [&self.secret].into_iter().chain(previous).collect()
    }
}

/// Why an endpoint was disabled by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// It answered 410: it does not want any more.
    Gone,
    /// Nothing got through for too long.
    Failing,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretChoice {
    /// The caller's own.
    Given(SigningSecret),
    /// A new one of ours.
    Generated,
}

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Whose.
    pub owner: Owner,
    /// The address.
    pub url: String,
    /// The events.
    pub events: Vec<String>,
    /// The secret.
    pub secret: SecretChoice,
    /// The caller's idempotency key, if it gave one.
    pub request: Option<Request>,
}

/// What to change of an endpoint; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Another address.
    pub url: Option<String>,
    /// Other events.
    pub events: Option<Vec<String>>,
    /// Whether anything is sent. Switching on forgets failures.
    pub is_active: Option<bool>,
    /// Another secret; the old one signs too for a day.
    pub secret: Option<SecretChoice>,
}

/// An endpoint, and its secret if this was the time to tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The secret, after creation and rotation.
    pub secret: Option<SigningSecret>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub endpoint: EndpointId,
    /// Whose.
    pub owner: Owner,
    /// The event's id, which is the `webhook-id` of every attempt.
    pub event_id: Uuid,
    /// What kind of event.
    pub event: String,
    /// The body, before it is signed.
    pub body: String,
    /// How it stands.
    pub state: State,
    /// How many attempts were begun since the beginning or the last replay.
    pub attempts: u32,
    /// When the next attempt is due, while there is one.
    pub next_attempt_at: Option<Timestamp>,
    /// The latest attempts, oldest first.
    pub log: Vec<Attempt>,
    /// How often it was replayed.
    pub replays: u32,
    /// When the event was published.
    pub created_at: Timestamp,
    /// When this series of attempts began: at creation, or with the last replay.
    pub series_at: Timestamp,
    /// When it will be forgotten.
    pub expires_at: Timestamp,
    /// Who works on it.
    pub(super) lease: Option<Uuid>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be sent, for the first time or again.
    Pending,
    /// The receiver has it.
    Delivered,
    /// The last attempt failed.
    Failed,
    /// The endpoint was removed or disabled meanwhile.
    Cancelled,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub result: AttemptResult,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said, 1 KB at most.
        excerpt: String,
    },
    /// No answer in time.
    TimedOut,
    /// The address leads where webhooks must not go.
    Blocked,
    /// There is nobody, or nobody who speaks HTTP. In words.
    Unreachable(String),
}

impl Attempt {
    /// The status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match &self.result {
            AttemptResult::Answered { status, .. } => Some(*status),
            AttemptResult::TimedOut | AttemptResult::Blocked | AttemptResult::Unreachable(_) => None,
        }
    }

    /// Whether the receiver took it.
    pub fn is_success(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }
}

/// The beginning of a text that a delivery keeps.
pub(super) fn excerpt(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_EXCERPT)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(
            format!("{:?}", SecretChoice::Given("your-webhook-secret".to_owned().into())),
            "Given(SigningSecret(***))"
        );
    }

    #[test]
    fn excerpts_are_cut_between_characters() {
        assert_eq!(excerpt("коротко"), "коротко");
        let cut = excerpt(&format!("x{}", "ы".repeat(600)));
        assert_eq!(cut.len(), 1023);
    }
}
