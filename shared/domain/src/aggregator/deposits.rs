//! Deposits to a company's account: paid in roubles, credited in dollars at the current rate, which the payment keeps.

use std::str::FromStr;
use std::time::Duration;

use super::PRODUCT_NAME;
use super::ids::CompanyId;
use super::price::{NANOS, dollars, parse_dollars};
use crate::idempotency::Request;
use crate::identity::Identity;
use crate::kernel::{Amount, Error, Page, Paged, Result, Timestamp};
use crate::payments::{Checkout, NewPayment, PAYMENT_AMOUNT, Payment, Payments, ProviderId, State};

/// The smallest payment, in roubles.
const MIN_ROUBLES: i64 = 100;
/// The largest payment, in roubles: the provider's limit for ordinary cards, and a guard against typing errors.
const MAX_ROUBLES: i64 = 300_000;

const KOPECKS_PER_ROUBLE: i64 = 100;

/// Descriptions in the statement: of a payment, and of its refund.
const TITLE: &str = "Пополнение баланса";
const REFUND_TITLE: &str = "Возврат платежа";
/// The longest description that the provider shows.
const MAX_DESCRIPTION: usize = 100;

/// Roubles for a dollar, in ten-thousandths: the central bank's own precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeRate(i64);

/// Nano-dollars times ten-thousandths of a rouble, in kopecks.
const KOPECK_SCALE: i128 = NANOS as i128 * 100;

impl ExchangeRate {
    /// The nano-dollars that `kopecks` buy, rounded down.
    fn buys(self, kopecks: Amount) -> Amount {
        let nanos = i128::from(kopecks.units()) * KOPECK_SCALE / i128::from(self.0);
        Amount::new(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The price of `nanos` in kopecks, rounded up.
    fn costs(self, nanos: Amount) -> Amount {
        let kopecks = (i128::from(nanos.units()) * i128::from(self.0) + KOPECK_SCALE - 1) / KOPECK_SCALE;
        Amount::new(i64::try_from(kopecks).unwrap_or(i64::MAX))
    }
}

impl std::fmt::Display for ExchangeRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// The text is not an exchange rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected roubles for a dollar, from 1 to 100000, with at most four decimals, such as 92.5058")]
pub struct MalformedRate;

impl FromStr for ExchangeRate {
    type Err = MalformedRate;

    fn from_str(text: &str) -> Result<Self, MalformedRate> {
        let rate = decimal(text, 4).ok_or(MalformedRate)?;
        (10_000..=1_000_000_000).contains(&rate).then_some(Self(rate)).ok_or(MalformedRate)
    }
}

/// An exact decimal number with at most `places` decimals, as a whole number of its last place.
fn decimal(text: &str, places: u32) -> Option<i64> {
    let unit = NANOS / 10_i64.pow(places);
    let nanos = parse_dollars(text).ok()?.units();
    (nanos % unit == 0).then_some(nanos / unit)
}

/// Deposits of companies.
#[derive(Clone)]
pub struct Deposits {
    /// For the addresses of receipts.
    pub identity: Identity,
    pub payments: Payments,
    pub rate: ExchangeRate,
    /// Where the provider redirects the payer; `{payment_id}` in it becomes the payment's id.
    pub return_url: String,
    /// How long a payment stays open.
    pub lifetime: Duration,
}

/// The amount of a deposit, as a decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sum {
    /// To be paid.
    Roubles(String),
    /// To be credited.
    Dollars(String),
}

/// The status of a payment as its company sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Open, or authorized.
    Pending,
    /// Paid and credited.
    Succeeded,
    /// Declined by the provider.
    Failed,
    /// Expired, or cancelled by the payer.
    Canceled,
}

impl PaymentStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Succeeded, Self::Failed, Self::Canceled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// The status of `payment` at `now`. One that has expired is canceled, even if the provider has not been asked yet.
    pub fn of(payment: &Payment, now: Timestamp) -> Self {
        match payment.state {
            State::Paid => Self::Succeeded,
            State::Authorized => Self::Pending,
            State::Created | State::Open if now < payment.expires_at => Self::Pending,
            State::Created | State::Open | State::Canceled | State::Expired => Self::Canceled,
            State::Refused => Self::Failed,
        }
    }
}

impl Deposits {
    /// Creates a payment of `company`. The provider shows `description`.
    ///
    /// Fails with [`Error::Invalid`] (field `amount`) for an amount that cannot be paid, and as [`Payments::start`]
    /// does.
    pub async fn create(
        &self,
        company: CompanyId,
        sum: &Sum,
        description: Option<String>,
        idempotency_key: Option<String>,
    ) -> Result<Checkout> {
        let (kopecks, credit) = self.parse(sum)?;
        let description = description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let description =
            description.unwrap_or_else(|| format!("{PRODUCT_NAME}: пополнение на {} USD", dollars(credit)));
        if description.chars().count() > MAX_DESCRIPTION || description.chars().any(char::is_control) {
            let message = format!("Описание: до {MAX_DESCRIPTION} символов, без управляющих");
            return Err(Error::invalid("description", "too_long", message));
        }
        let email = self.identity.user(company.into()).await?.email;
        // The amount as the caller gave it: a replay after a change of the rate is still a replay.
        let request = idempotency_key.map(|key| {
            let (currency, amount) = match sum {
                Sum::Roubles(amount) => ("RUB", amount),
                Sum::Dollars(amount) => ("USD", amount),
            };
            Request::new(company.to_string(), key, &["create_payment", currency, amount, &description])
        });
        let new = NewPayment {
            owner: company.into(),
            provider: ProviderId::YooKassa,
            amount: kopecks,
            credit,
            rate: Some(self.rate.to_string()),
            title: TITLE.to_owned(),
            refund_title: REFUND_TITLE.to_owned(),
            description,
            email: email.map(|email| email.to_string()),
            return_url: self.return_url.clone(),
            lifetime: self.lifetime,
            request,
        };
        self.payments.start(new).await
    }

    /// Kopecks to pay and nano-dollars to credit.
    fn parse(&self, sum: &Sum) -> Result<(Amount, Amount)> {
        let (kopecks, credit) = match sum {
            Sum::Roubles(text) => {
                let places = "Ожидается сумма в рублях, не больше двух знаков после точки";
                let kopecks = decimal(text, 2).ok_or_else(|| Error::invalid("amount", PAYMENT_AMOUNT, places))?;
                (Amount::new(kopecks), self.rate.buys(Amount::new(kopecks)))
            }
            Sum::Dollars(text) => {
                let places = "Ожидается сумма в долларах, не больше двух знаков после точки";
                let cents = decimal(text, 2).ok_or_else(|| Error::invalid("amount", PAYMENT_AMOUNT, places))?;
                let nanos = Amount::new(cents.saturating_mul(NANOS / 100));
                (self.rate.costs(nanos), nanos)
            }
        };
        if !(MIN_ROUBLES * KOPECKS_PER_ROUBLE..=MAX_ROUBLES * KOPECKS_PER_ROUBLE).contains(&kopecks.units()) {
            let message = format!("Сумма платежа: от {MIN_ROUBLES} до {MAX_ROUBLES} рублей");
            return Err(Error::invalid("amount", PAYMENT_AMOUNT, message));
        }
        Ok((kopecks, credit))
    }

    /// A page of the company's payments, latest first; of one status if given.
    pub async fn list(
        &self,
        company: CompanyId,
        status: Option<PaymentStatus>,
        page: Page,
        now: Timestamp,
    ) -> Result<Paged<Payment>> {
        let wanted = |payment: &Payment| status.is_none_or(|status| PaymentStatus::of(payment, now) == status);
        self.payments.list(company.into(), wanted, page).await
    }
}

/// Kopecks as roubles with two decimals: `1000.00`.
pub fn roubles(kopecks: Amount) -> String {
    let kopecks = kopecks.units();
    format!("{}.{:02}", kopecks / KOPECKS_PER_ROUBLE, kopecks % KOPECKS_PER_ROUBLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> ExchangeRate {
        text.parse().unwrap()
    }

    #[test]
    fn rates_are_exact_and_within_reason() {
        assert_eq!(rate("92.5058").to_string(), "92.5058");
        assert_eq!(rate("100").to_string(), "100.0000");
        for bad in ["", "0", "0.9999", "-1", "92.50581", "1e2", "100000.1", "x", "92,5"] {
            assert_eq!(bad.parse::<ExchangeRate>(), Err(MalformedRate), "{bad}");
        }
    }

    #[test]
    fn nobody_gets_a_nano_dollar_that_was_not_paid_for() {
        let rate = rate("92.5058");
        // 1000 roubles are 10.81013…: what is left over is ours.
        assert_eq!(rate.buys(Amount::new(100_000)), Amount::new(10_810_132_986));
        assert_eq!(rate.costs(Amount::new(50 * NANOS)), Amount::new(462_529));
        assert!(rate.buys(rate.costs(Amount::new(50 * NANOS))) >= Amount::new(50 * NANOS));
        for kopecks in [10_000, 12_345, 30_000_000] {
            let paid = Amount::new(kopecks);
            assert_eq!(rate.costs(rate.buys(paid)), paid, "the dearest price of what was bought is what was paid");
        }
    }
}
