//! Buying raits: what they cost, who takes the money, and what it says in the statement.

use std::time::Duration;

use serde_json::Number;

use super::{PRODUCT_NAME, RAITS_PER_ROUBLE};
use crate::idempotency::Request;
use crate::identity::Identity;
use crate::kernel::{Amount, Error, Result, UserId};
use crate::payments::{Checkout, NOT_OFFERED, NewPayment, PAYMENT_AMOUNT, Payments, ProviderId};

/// The least that can be paid, in roubles: the contract's.
pub const MIN_ROUBLES: i64 = 100;

/// The most that can be paid at once, in roubles. Providers take no more from an ordinary card, and a slip of a finger costs no fortune.
pub const MAX_ROUBLES: i64 = 300_000;

const KOPECKS_PER_ROUBLE: i64 = 100;

/// What the statement says of a payment, and of its refund.
const TITLE: &str = "Пополнение";
const REFUND_TITLE: &str = "Возврат платежа";

/// Sells raits.
#[derive(Clone)]
pub struct TopUps {
    /// Who buys: receipts go to their addresses.
    pub identity: Identity,
    /// Where payments are recorded.
    pub payments: Payments,
    /// Where a provider sends the payer afterwards; `{payment_id}` in it becomes the payment's id.
    pub return_url: String,
    /// How long a payment can be paid.
    pub lifetime: Duration,
}

/// A request to buy raits.
#[derive(Debug)]
pub struct TopUpOrder {
    /// For how much, in roubles; whole ones.
    pub roubles: Number,
    /// Name of the provider.
    pub provider: String,
    /// The caller's key, by which a repeat of the same request is known.
    pub idempotency_key: Option<String>,
}

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Who takes the money.
    pub provider: ProviderId,
    /// What people call it.
    pub name: &'static str,
    /// File name of its sign.
    pub icon: &'static str,
}

impl TopUps {
    /// The ways to pay that are set up.
    pub fn methods(&self) -> Vec<PaymentMethod> {
        self.payments.providers().map(method).collect()
    }

    /// Begins a payment of `user`.
    ///
    /// Fails with [`Error::Invalid`] if the amount or the provider will not do, and as [`Payments::start`] does.
    pub async fn create(&self, user: UserId, order: TopUpOrder) -> Result<Checkout> {
        let roubles = parse_roubles(&order.roubles)?;
        let provider: ProviderId = order.provider.parse().map_err(|_| not_offered())?;
        if !self.payments.providers().any(|offered| offered == provider) {
            return Err(not_offered());
        }
        let email = self.identity.user(user).await?.email;
        let amount = roubles.to_string();
        let content = ["create_payment", provider.as_str(), &amount];
        let credit = Amount::new(roubles * RAITS_PER_ROUBLE);
        let new = NewPayment {
            owner: user,
            provider,
            amount: Amount::new(roubles * KOPECKS_PER_ROUBLE),
            credit,
            rate: None,
            title: TITLE.to_owned(),
            refund_title: REFUND_TITLE.to_owned(),
            description: format!("{PRODUCT_NAME}: {credit} Райтов"),
            email: email.map(|email| email.to_string()),
            return_url: self.return_url.clone(),
            lifetime: self.lifetime,
            request: order.idempotency_key.map(|key| Request::new(user.to_string(), key, &content)),
        };
        self.payments.start(new).await
    }
}

/// Kopecks as whole roubles.
pub fn whole_roubles(kopecks: Amount) -> i64 {
    kopecks.units() / KOPECKS_PER_ROUBLE
}

fn parse_roubles(number: &Number) -> Result<i64> {
    let roubles = number.as_i64().filter(|roubles| (MIN_ROUBLES..=MAX_ROUBLES).contains(roubles));
    let message = format!("Ожидается целое число рублей от {MIN_ROUBLES} до {MAX_ROUBLES}");
    roubles.ok_or_else(|| Error::invalid("amount_rub", PAYMENT_AMOUNT, message))
}

fn not_offered() -> Error {
    Error::invalid("provider", "not_allowed", NOT_OFFERED)
}

fn method(provider: ProviderId) -> PaymentMethod {
    let (name, icon) = match provider {
        ProviderId::YooKassa => ("ЮKassa", "yookassa.svg"),
        ProviderId::Robokassa => ("Robokassa", "robokassa.svg"),
        ProviderId::CloudPayments => ("CloudPayments", "cloudpayments.svg"),
        ProviderId::TBank => ("Т-Банк", "tbank.svg"),
    };
    PaymentMethod { provider, name, icon }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_roubles_within_bounds() {
        let parse = |text: &str| parse_roubles(&serde_json::from_str(text).unwrap());
        assert_eq!(parse("100").unwrap(), 100);
        assert_eq!(parse("300000").unwrap(), 300_000);
        for bad in ["99", "0", "-100", "300001", "100.5", "1e3", "99999999999999999999", "1e300"] {
            match parse(bad) {
                Err(Error::Invalid(violations)) => assert_eq!(violations[0].code, PAYMENT_AMOUNT, "{bad}"),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_payment_buys_ten_raits_a_rouble_and_no_description_is_too_long() {
        assert_eq!(whole_roubles(Amount::new(50_000)), 500);
        let description = format!("{PRODUCT_NAME}: {} Райтов", MAX_ROUBLES * RAITS_PER_ROUBLE);
        assert!(description.chars().count() <= 100, "{description}");
    }
}
