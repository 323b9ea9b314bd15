//! Deposits: raits bought with roubles.

use std::time::Duration;

use serde_json::Number;

use super::{PRODUCT_NAME, RAITS_PER_ROUBLE};
use crate::idempotency::Request;
use crate::identity::Identity;
use crate::kernel::{Amount, Error, Result, UserId};
use crate::payments::{Checkout, NOT_OFFERED, NewPayment, PAYMENT_AMOUNT, Payments, ProviderId};

/// The smallest payment, in roubles: the contract's.
pub const MIN_ROUBLES: i64 = 100;

/// The largest payment, in roubles: the providers' limit for ordinary cards, and a guard against typing errors.
pub const MAX_ROUBLES: i64 = 300_000;

const KOPECKS_PER_ROUBLE: i64 = 100;

/// Descriptions in the statement: of a payment, and of its refund.
const TITLE: &str = "Пополнение";
const REFUND_TITLE: &str = "Возврат платежа";

/// Deposits of users.
#[derive(Clone)]
pub struct Deposits {
    /// For the addresses of receipts.
    pub identity: Identity,
    pub payments: Payments,
    /// Where a provider redirects the payer; `{payment_id}` in it becomes the payment's id.
    pub return_url: String,
    /// How long a payment stays open.
    pub lifetime: Duration,
}

/// A request for a deposit.
#[derive(Debug)]
pub struct NewDeposit {
    /// Whole roubles.
    pub roubles: Number,
    /// Name of the payment provider.
    pub provider: String,
    pub idempotency_key: Option<String>,
}

/// A payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentMethod {
    pub provider: ProviderId,
    /// Name for people.
    pub name: &'static str,
    /// File name of its icon.
    pub icon: &'static str,
}

impl Deposits {
    /// The configured payment methods.
    pub fn methods(&self) -> Vec<PaymentMethod> {
        self.payments.providers().map(method).collect()
    }

    /// Creates a payment of `user`.
    ///
    /// Fails with [`Error::Invalid`] for an amount or provider that is not allowed, and as [`Payments::start`] does.
    pub async fn create(&self, user: UserId, order: NewDeposit) -> Result<Checkout> {
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
