//! `WEBHOOKS#{owner}` holds the owner's endpoints (`ENDPOINT#{id}`) and how many there are (`COUNT`).
//! `WEBHOOK_DELIVERIES#{owner}#{endpoint}` / `{delivery}` is a delivery with its latest attempts, removed by TTL after
//! 30 days.
//!
//! Deliveries that are not finished are in the due index `OPEN_WEBHOOKS#{shard}`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Cursor, Key};
use uuid::Uuid;

use super::deliveries::DeliveryMessage;
use super::model::{Attempt, AttemptResult, Delivery, DisabledReason, Endpoint, State};
use super::{DeliveryId, EndpointId, Owner, SigningSecret};
use crate::due::{DueIndex, DueKeys, Lease, Leased};
use crate::kernel::{Timestamp, epoch_seconds, from_epoch_millis};

const DELIVERIES_PREFIX: &str = "WEBHOOK_DELIVERIES#";
pub(super) const ENDPOINT_PREFIX: &str = "ENDPOINT#";

/// How long a lease lasts: well above the time-out of an attempt.
pub(super) const LEASE: Lease = Lease::new("lease", "lease_until", Duration::from_mins(1));

/// Deliveries that are not finished: due when their lease ends, or when their message should have come.
pub(super) const OPEN_WEBHOOKS: DueIndex<DeliveryMessage> = DueIndex::new("OPEN_WEBHOOKS#", 4, |key| {
    let (owner, endpoint) = key.pk.strip_prefix(DELIVERIES_PREFIX)?.split_once('#')?;
    let (owner, endpoint) = (owner.parse().ok()?, endpoint.parse().ok()?);
    Some(DeliveryMessage { owner, endpoint, delivery: key.sk.parse().ok()? })
});

pub(super) fn owner_partition(owner: Owner) -> String {
    format!("WEBHOOKS#{owner}")
}

pub(super) fn endpoint_key(owner: Owner, endpoint: EndpointId) -> Key {
    Key::new(owner_partition(owner), format!("{ENDPOINT_PREFIX}{endpoint}"))
}

pub(super) fn count_key(owner: Owner) -> Key {
    Key::new(owner_partition(owner), "COUNT")
}

pub(super) fn deliveries_partition(owner: Owner, endpoint: EndpointId) -> String {
    format!("{DELIVERIES_PREFIX}{owner}#{endpoint}")
}

pub(super) fn delivery_key(message: DeliveryMessage) -> Key {
    Key::new(deliveries_partition(message.owner, message.endpoint), message.delivery.to_string())
}

/// The position of a delivery in its endpoint's list, whether or not it still exists.
pub(super) fn delivery_cursor(message: DeliveryMessage) -> Cursor {
    let key = delivery_key(message);
    Cursor::new([("pk".to_owned(), key.pk), ("sk".to_owned(), key.sk)])
}

/// An endpoint. The attribute names are spelled in `endpoints` too, where they are updated. No `Debug`: it has secrets.
#[derive(Serialize, Deserialize)]
pub(super) struct EndpointItem {
    #[serde(flatten)]
    key: Key,
    endpoint: EndpointId,
    owner: Owner,
    url: String,
    events: Vec<String>,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_secret: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_until: Option<i64>,
    is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<StoredReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing_since: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredReason {
    Gone,
    Failing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredState {
    Pending,
    Delivered,
    Failed,
    Cancelled,
}

/// A delivery. The attribute names are spelled in `deliveries` and `sweep` too, where they are updated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeliveryItem {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    due: DueKeys,
    delivery: DeliveryId,
    endpoint: EndpointId,
    owner: Owner,
    event_id: Uuid,
    event: String,
    body: String,
    state: StoredState,
    attempts: u32,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<i64>,
    #[serde(default)]
    log: Vec<AttemptItem>,
    #[serde(default)]
    replays: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_until: Option<i64>,
    created_at: i64,
    series_at: i64,
    /// Seconds since 1970.
    expires_at: i64,
}

/// One attempt, in `log` of its delivery.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AttemptItem {
    at: i64,
    took: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<StoredFailure>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    excerpt: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredFailure {
    TimedOut,
    Blocked,
    Unreachable,
}

impl Leased for DeliveryItem {
    fn token(&self) -> Option<Uuid> {
        self.lease
    }
}

impl From<&Endpoint> for EndpointItem {
    fn from(endpoint: &Endpoint) -> Self {
        let previous = endpoint.previous.as_ref();
        Self {
            key: endpoint_key(endpoint.owner, endpoint.id),
            endpoint: endpoint.id,
            owner: endpoint.owner,
            url: endpoint.url.clone(),
            events: endpoint.events.clone(),
            secret: endpoint.secret.expose().to_owned(),
            previous_secret: previous.map(|(secret, _)| secret.expose().to_owned()),
            previous_until: previous.map(|(_, until)| until.as_millisecond()),
            is_active: endpoint.is_active,
            disabled: endpoint.disabled.map(StoredReason::from),
            failing_since: endpoint.failing_since.map(Timestamp::as_millisecond),
            created_at: endpoint.created_at.as_millisecond(),
            updated_at: endpoint.updated_at.as_millisecond(),
        }
    }
}

impl From<EndpointItem> for Endpoint {
    fn from(item: EndpointItem) -> Self {
        let previous = item.previous_secret.map(SigningSecret::from).zip(item.previous_until.map(from_epoch_millis));
        Self {
            id: item.endpoint,
            owner: item.owner,
            url: item.url,
            events: item.events,
            is_active: item.is_active,
            disabled: item.disabled.map(|reason| match reason {
                StoredReason::Gone => DisabledReason::Gone,
                StoredReason::Failing => DisabledReason::Failing,
            }),
            failing_since: item.failing_since.map(from_epoch_millis),
            created_at: from_epoch_millis(item.created_at),
            updated_at: from_epoch_millis(item.updated_at),
            secret: item.secret.into(),
            previous,
        }
    }
}

impl From<DisabledReason> for StoredReason {
    fn from(reason: DisabledReason) -> Self {
        match reason {
            DisabledReason::Gone => Self::Gone,
            DisabledReason::Failing => Self::Failing,
        }
    }
}

impl DeliveryItem {
    /// A new delivery, which a sweep resends at `due` unless it is finished by then.
    pub(super) fn new(delivery: &Delivery, due: Timestamp) -> Self {
        Self {
            key: delivery_key(delivery.message()),
            due: OPEN_WEBHOOKS.keys(delivery.id.as_uuid(), due),
            delivery: delivery.id,
            endpoint: delivery.endpoint,
            owner: delivery.owner,
            event_id: delivery.event_id,
            event: delivery.event.clone(),
            body: delivery.body.clone(),
            state: delivery.state.into(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(Timestamp::as_millisecond),
            log: delivery.log.iter().map(AttemptItem::from).collect(),
            replays: delivery.replays,
            lease: None,
            lease_until: None,
            created_at: delivery.created_at.as_millisecond(),
            series_at: delivery.series_at.as_millisecond(),
            expires_at: epoch_seconds(delivery.expires_at),
        }
    }
}

impl From<DeliveryItem> for Delivery {
    fn from(item: DeliveryItem) -> Self {
        Self {
            id: item.delivery,
            endpoint: item.endpoint,
            owner: item.owner,
            event_id: item.event_id,
            event: item.event,
            body: item.body,
            state: item.state.into(),
            attempts: item.attempts,
            next_attempt_at: item.next_attempt_at.map(from_epoch_millis),
            log: item.log.into_iter().map(Attempt::from).collect(),
            replays: item.replays,
            created_at: from_epoch_millis(item.created_at),
            series_at: from_epoch_millis(item.series_at),
            expires_at: from_epoch_millis(item.expires_at.saturating_mul(1000)),
            lease: item.lease,
        }
    }
}

impl From<State> for StoredState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Delivered => Self::Delivered,
            State::Failed => Self::Failed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StoredState> for State {
    fn from(state: StoredState) -> Self {
        match state {
            StoredState::Pending => Self::Pending,
            StoredState::Delivered => Self::Delivered,
            StoredState::Failed => Self::Failed,
            StoredState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<&Attempt> for AttemptItem {
    fn from(attempt: &Attempt) -> Self {
        let (status, error, excerpt) = match &attempt.result {
            AttemptResult::Answered { status, excerpt } => (Some(*status), None, excerpt.as_str()),
            AttemptResult::TimedOut => (None, Some(StoredFailure::TimedOut), ""),
            AttemptResult::Blocked => (None, Some(StoredFailure::Blocked), ""),
            AttemptResult::Unreachable(reason) => (None, Some(StoredFailure::Unreachable), reason.as_str()),
        };
        Self {
            at: attempt.at.as_millisecond(),
            took: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            status,
            error,
            excerpt: excerpt.to_owned(),
        }
    }
}

impl From<AttemptItem> for Attempt {
    fn from(item: AttemptItem) -> Self {
        let result = match (item.status, item.error) {
            (Some(status), _) => AttemptResult::Answered { status, excerpt: item.excerpt },
            (None, Some(StoredFailure::TimedOut)) => AttemptResult::TimedOut,
            (None, Some(StoredFailure::Blocked)) => AttemptResult::Blocked,
            (None, Some(StoredFailure::Unreachable) | None) => AttemptResult::Unreachable(item.excerpt),
        };
        Self { at: from_epoch_millis(item.at), took: Duration::from_millis(item.took), result }
    }
}
