//! ЮKassa's objects, as far as they are used.

use domain::kernel::{Amount, PaymentId};
use domain::payments::provider::{PaymentEvent, PaymentProviderError, PaymentUpdate};
use serde::Deserialize;
use serde_json::Value;

use crate::payments::{money, told_unreadable};

/// A notification. What it says about its object is not trusted, so not parsed.
#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) event: String,
    pub(super) object: Object,
}

#[derive(Deserialize)]
pub(super) struct Object {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Sum {
    value: String,
    pub(super) currency: String,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: String,
    status: String,
    amount: Sum,
    #[serde(default)]
    pub(super) confirmation: Option<Confirmation>,
    /// Our metadata; anything for payments created elsewhere.
    #[serde(default)]
    metadata: Value,
    pub(super) test: bool,
}

#[derive(Deserialize)]
pub(super) struct Confirmation {
    #[serde(default)]
    pub(super) confirmation_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) payment_id: String,
    pub(super) status: String,
    pub(super) amount: Sum,
}

impl Sum {
    pub(super) fn kopecks(&self) -> Result<Amount, PaymentProviderError> {
        money::kopecks(&self.value).map_err(told_unreadable)
    }
}

impl Payment {
    /// Our id; `None` for a payment created elsewhere, such as by hand in the shop's account.
    pub(super) fn ours(&self) -> Option<PaymentId> {
        self.metadata.get("payment_id")?.as_str()?.parse().ok()
    }

    /// The payment's latest update, if any.
    pub(super) fn report(self) -> Result<Option<PaymentUpdate>, PaymentProviderError> {
        let event = match self.status.as_str() {
            "waiting_for_capture" => PaymentEvent::Authorized,
            "succeeded" => PaymentEvent::Paid,
            "canceled" => PaymentEvent::Canceled,
            "pending" => return Ok(None),
            _ => return Err(PaymentProviderError::Broken("a payment has an unknown status".to_owned())),
        };
        let Some(payment) = self.ours() else { return Ok(None) };
        let amount = self.amount.kopecks()?;
        let currency = self.amount.currency;
        Ok(Some(PaymentUpdate {
            payment,
            number: None,
            provider_payment: self.id,
            event,
            amount,
            currency,
            test: self.test,
        }))
    }
}
