//! Payments: intents to pay, the providers' reports about them, and their settlement.
//!
//! **Invariants.** Money that a provider took for a payment is credited once, in the transaction that marks the payment
//! as paid and records the provider's report. Only a verified report that matches the payment (order, amount, currency,
//! test flag) moves money. A payment that is closed here but paid at the provider is credited nevertheless: the money
//! is real.

mod announcement;
mod items;
mod model;
pub mod provider;
mod reconciliation;
mod service;
mod settlement;

pub use announcement::{Announcer, Ended};
pub use model::{Checkout, NewPayment, Payment, State, Status};
pub use provider::ProviderId;
pub use reconciliation::Reconciled;
pub(crate) use service::NOT_OFFERED;
pub use service::Payments;
