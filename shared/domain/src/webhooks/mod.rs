//! Outbound webhooks: signed events, delivered with retries.
//!
//! **Life of a delivery.** An *event* is stored as one *delivery* for each *endpoint* that subscribes to it, in the
//! transaction that makes it happen where there is one ([`Deliveries::plan`]). A message asks a worker to send it. The
//! worker takes the delivery's *lease*, so that a repeated message sends nothing twice at the same time, and stores the
//! outcome: delivered, or the time of the next attempt. Short pauses wait in the queue as a delayed message. An
//! unfinished delivery has a *due time*, after which a sweep sends its message again: this recovers lost messages and
//! ends the pauses that are too long for a queue.
//!
//! Delivery is at least once and unordered: `webhook-id` identifies repeats, the body's `timestamp` gives the order.
//!
//! **SSRF.** Endpoint URLs come from customers, so a sender must not reach our own network: [`EgressPolicy`] is the policy,
//! and the adapter behind [`WebhookSender`] applies it to the address that it connects to.

mod address;
mod check;
mod deliveries;
mod delivery_worker;
mod endpoints;
mod ids;
mod items;
mod model;
mod schedule;
mod sender;
mod signature;
mod sweep;
mod url;

pub use address::EgressPolicy;
pub use deliveries::{Deliveries, DeliveryMessage, Listed, MAX_REPLAYS, PendingDelivery};
pub use delivery_worker::{AttemptOutcome, DeliveryWorker, TestDelivery};
pub use endpoints::{Endpoints, MAX_ENDPOINTS};
pub use ids::{DeliveryId, EndpointId, Owner, event_id};
pub use model::{
    Attempt, AttemptResult, Delivery, DisabledReason, Endpoint, EndpointChange, NewEndpoint, Saved, SecretChoice,
    SigningSecret, State,
};
pub use schedule::MAX_ATTEMPTS;
pub use sender::{Header, SendFailure, SentAnswer, SharedWebhookSender, WebhookSender};

use crate::kernel::Resource;

impl Resource {
    /// An address that events are sent to.
    pub const WEBHOOK: Self = Self::new("Webhook");
    /// An event on its way to such an address.
    pub const DELIVERY: Self = Self::new("Delivery");
}
