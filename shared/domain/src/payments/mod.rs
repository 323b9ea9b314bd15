//! Payments: intents to pay, the providers' reports about them, and their settlement.
//!
//! **Invariants.** Money that a provider took for a payment is credited once, in the transaction that marks the payment
//! as paid and records the provider's report. Only a verified report that matches the payment (order, amount, currency,
//! test flag) moves money. A payment that is closed here but paid at the provider is credited nevertheless: the money
//! is real.

mod event_publisher;
mod items;
mod model;
pub mod provider;
mod reconciliation;
mod service;
mod settlement;

pub use event_publisher::{PaymentEventPublisher, PaymentOutcome};
pub use model::{Checkout, NewPayment, Payment, State, Status};
pub use provider::ProviderId;
pub use reconciliation::Reconciled;
pub(crate) use service::NOT_OFFERED;
pub use service::Payments;

use crate::kernel::Resource;
use crate::kernel::telemetry::Metric;

/// Code of a violation: the amount cannot be paid. A contract may have a code of its own for the whole request.
pub const PAYMENT_AMOUNT: &str = "payment_amount";

impl Resource {
    /// An intent to pay.
    pub const PAYMENT: Self = Self::new("Payment");
}

impl Metric {
    /// Reports of payments that do not fit what was asked for.
    pub const PAYMENTS_SUSPICIOUS: Self = Self::new("PaymentsSuspicious");
    /// Refunds of money that was spent already.
    pub const REFUND_DEBTS: Self = Self::new("RefundDebts");
}
