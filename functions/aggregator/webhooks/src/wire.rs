//! Views that several endpoints share.

use domain::kernel::{Error, Resource};
use domain::webhooks::{
    Attempt, AttemptResult, Delivery, DeliveryId, DisabledReason, Endpoint, EndpointId, SigningSecret, State,
    TestDelivery,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    #[schema(format = Uuid)]
    id: String,
    /// URL that events are sent to.
    #[schema(example = "https://your-app.com/webhooks/ai-aggregator")]
    url: String,
    /// Subscribed events.
    #[schema(example = json!(["payment.succeeded", "payment.failed", "usage.tracked"]))]
    events: Vec<String>,
    /// Signing secret. Returned only when it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "your-webhook-secret")]
    secret: Option<String>,
    /// Whether events are sent.
    is_active: bool,
    /// Reason why the webhook was disabled automatically: `gone` (the server returned 410) or `failing` (no delivery
    /// succeeded for too long).
    disabled_reason: Option<&'static str>,
    /// Time since which no delivery has succeeded; null if deliveries succeed.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
    /// Time of the last update.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl WebhookView {
    pub(crate) fn new(endpoint: Endpoint, secret: Option<&SigningSecret>) -> Self {
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url,
            events: endpoint.events,
            secret: secret.map(|secret| secret.expose().to_owned()),
            is_active: endpoint.is_active,
            disabled_reason: endpoint.disabled.map(|reason| match reason {
                DisabledReason::Gone => "gone",
                DisabledReason::Failing => "failing",
            }),
            failing_since: endpoint.failing_since.map(|at| format!("{at:.3}")),
            created_at: format!("{:.3}", endpoint.created_at),
            updated_at: format!("{:.3}", endpoint.updated_at),
        }
    }
}

/// A delivery of an event to a webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    #[schema(format = Uuid)]
    id: String,
    /// Event ID: the header `webhook-id` of every attempt and `id` in the body.
    #[schema(format = Uuid)]
    event_id: String,
    /// Event type.
    #[schema(example = "payment.succeeded")]
    event: String,
    /// Status: `pending`, `delivered`, `failed` or `cancelled`.
    #[schema(example = "delivered")]
    status: &'static str,
    /// The latest attempts, oldest first.
    attempts: Vec<AttemptView>,
    /// Time of the next attempt; null if none follows.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// Request body, without the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    payload: Option<Box<RawValue>>,
    /// Time of publication.
    #[schema(format = DateTime)]
    created_at: String,
}

/// An attempt of a delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptView {
    /// Start time.
    #[schema(format = DateTime)]
    started_at: String,
    /// Duration, in milliseconds.
    #[schema(example = 120)]
    duration_ms: u64,
    /// HTTP status of the response; null if there was none.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// Reason why there was no response: `timed_out`, `blocked` (the URL leads to an address that webhooks must not
    /// reach) or `unreachable`.
    error: Option<&'static str>,
    /// Beginning of the response body, up to 1 KB, or description of the error.
    detail: String,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let (status_code, error, detail) = match attempt.result {
            AttemptResult::Answered { status, excerpt } => (Some(status), None, excerpt),
            AttemptResult::TimedOut => (None, Some("timed_out"), String::new()),
            AttemptResult::Blocked => (None, Some("blocked"), String::new()),
            AttemptResult::Unreachable(reason) => (None, Some("unreachable"), reason),
        };
        let duration_ms = u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX);
        Self { started_at: format!("{:.3}", attempt.at), duration_ms, status_code, error, detail }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.event_id.to_string(),
            event: delivery.event,
            status: match delivery.state {
                State::Pending => "pending",
                State::Delivered => "delivered",
                State::Failed => "failed",
                State::Cancelled => "cancelled",
            },
            attempts: delivery.log.into_iter().map(AttemptView::from).collect(),
            next_attempt_at: delivery.next_attempt_at.map(|at| format!("{at:.3}")),
            payload: RawValue::from_string(delivery.body).ok(),
            created_at: format!("{:.3}", delivery.created_at),
        }
    }
}

impl From<TestDelivery> for DeliveryView {
    fn from(TestDelivery { event_id, event, attempt }: TestDelivery) -> Self {
        Self {
            id: event_id.to_string(),
            event_id: event_id.to_string(),
            event: event.to_owned(),
            status: if attempt.is_success() { "delivered" } else { "failed" },
            created_at: format!("{:.3}", attempt.at),
            attempts: vec![attempt.into()],
            next_attempt_at: None,
            payload: None,
        }
    }
}

/// The webhook of a path. A malformed ID is not found.
pub(crate) fn webhook_id(text: &str) -> Result<EndpointId, Error> {
    text.parse().map_err(|_| Error::NotFound(Resource::WEBHOOK))
}

/// The delivery of a path.
pub(crate) fn delivery_id(text: &str) -> Result<DeliveryId, Error> {
    text.parse().map_err(|_| Error::NotFound(Resource::DELIVERY))
}
