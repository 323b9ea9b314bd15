//! Webhooks: what happens here is told to the servers of those who asked for it.
//!
//! **Life of a delivery.** What happened (an *event*) is written down once for each *endpoint* that wants it, best in the transaction that makes
//! it happen ([`Deliveries::plan`]). A message asks a worker to send it. The worker takes the delivery's *lease*, so that a repeated message
//! sends nothing twice at the same time, and writes down how it went: delivered, or when to try again. Until a pause of some minutes is over, the
//! next message waits in the queue. A delivery that is not finished has a *due time*, after which the sweeper sends its message (again): that is
//! how lost messages are found, and how the pauses that are longer than a queue can wait come to an end.
//!
//! A receiver may get an event twice, and events in another order than they happened: `webhook-id` tells repeats, the body's `timestamp` the
//! order.
//!
//! **Who is trusted.** Addresses come from customers, so a sender must not reach our own network: [`Reach`] is the rule, and the adapter behind
//! [`WebhookSender`] applies it to the address that it really connects to.

mod address;
mod check;
mod courier;
mod deliveries;
mod endpoints;
mod ids;
mod items;
mod model;
mod schedule;
mod sender;
mod signature;
mod sweep;
mod url;

pub use address::Reach;
pub use courier::{Attempted, Courier, Trial};
pub use deliveries::{Deliveries, DeliveryMessage, Listed, MAX_REPLAYS, Planned};
pub use endpoints::{Endpoints, MAX_ENDPOINTS};
pub use ids::{DeliveryId, EndpointId, Owner, event_id};
pub use model::{
    Attempt, AttemptResult, Delivery, DisabledReason, Endpoint, EndpointChange, NewEndpoint, Saved, SecretChoice,
    SigningSecret, State,
};
pub use schedule::MAX_ATTEMPTS;
pub use sender::{Header, SendFailure, SentAnswer, SharedWebhookSender, WebhookSender};
pub use sweep::Swept;

use crate::kernel::Resource;

impl Resource {
    /// An address that events are sent to.
    pub const WEBHOOK: Self = Self::new("webhook");
    /// An event on its way to such an address.
    pub const DELIVERY: Self = Self::new("delivery");
}
