//! Payments, and the effect of a provider's report on one. Pure.

use std::fmt;
use std::time::Duration;

use super::provider::{PaymentEvent, PaymentRef, PaymentUpdate, ProviderId, Refunded, Verdict};
use crate::idempotency::Request;
use crate::kernel::{Amount, PaymentId, Timestamp, UserId};

/// The currency of all amounts.
const CURRENCY: &str = "RUB";

/// State of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Stored; the provider has not answered yet.
    Created,
    /// It can be paid.
    Open,
    /// The money is authorized, not captured.
    Authorized,
    /// Paid and credited.
    Paid,
    /// The provider rejected the order.
    Refused,
    /// Cancelled at the provider.
    Canceled,
    /// Not paid in time.
    Expired,
}

impl State {
    /// Whether the payment can still be paid.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Open | Self::Authorized)
    }
}

/// Status of a payment as its payer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be paid, or is being paid.
    Pending,
    /// It is paid and credited.
    Completed,
    /// It was not paid.
    Failed,
}

/// Request to create a payment.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payer, whose account is credited.
    pub owner: UserId,
    pub provider: ProviderId,
    /// In kopecks.
    pub amount: Amount,
    /// The amount to credit, in units of the owner's account.
    pub credit: Amount,
    /// Roubles for one unit of the account's currency, if that is another: the rate behind `credit`.
    pub rate: Option<String>,
    /// Shown in the owner's statement.
    pub title: String,
    /// Shown in the statement for a refund.
    pub refund_title: String,
    /// Shown by the provider, at most 100 characters.
    pub description: String,
    /// Address for the provider's receipt.
    pub email: Option<String>,
    /// The provider redirects the payer here afterwards; `{payment_id}` is replaced by the payment's id.
    pub return_url: String,
    /// How long the payment can be paid.
    pub lifetime: Duration,
    /// The caller's idempotency key.
    pub request: Option<Request>,
}

/// A payment and the page where it is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    pub payment: Payment,
    /// The provider's page.
    pub url: String,
}

/// An intent to pay and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    /// Order number, for providers whose order numbers are integers.
    pub number: u32,
    /// Who pays, and gets the credit.
    pub owner: UserId,
    /// Where.
    pub provider: ProviderId,
    /// Made while the provider was set up for payments without real money.
    pub test: bool,
    /// How much, in kopecks.
    pub amount: Amount,
    /// The amount to credit, in units of the owner's account.
    pub credit: Amount,
    /// Roubles for one unit of the account's currency, where that is another.
    pub rate: Option<String>,
    /// Shown in the owner's statement.
    pub title: String,
    /// Shown in the statement for a refund.
    pub refund_title: String,
    pub state: State,
    /// The page where it is paid, once there is one.
    pub url: Option<String>,
    /// The provider's id: what the provider gave it at first, then what was really paid.
    pub provider_payment: Option<String>,
    pub created_at: Timestamp,
    /// After this it should not be paid any more.
    pub expires_at: Timestamp,
    /// When it was credited.
    pub paid_at: Option<Timestamp>,
    /// What went back to the payer, in kopecks.
    pub refunded: Amount,
    /// What was taken off the account again for it.
    pub debited: Amount,
    /// What should have been taken off, but was not there any more.
    pub debt: Amount,
    /// How often the provider was asked about it.
    pub checks: u32,
}

impl Payment {
    /// How it looks to its payer. One that was not paid in time has failed, even if the provider has not been asked
    /// about it yet.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.state {
            State::Paid => Status::Completed,
            State::Authorized => Status::Pending,
            State::Created | State::Open if now < self.expires_at => Status::Pending,
            State::Created | State::Open | State::Refused | State::Canceled | State::Expired => Status::Failed,
        }
    }

    /// What a provider is told when it is asked about the payment.
    pub(super) fn known(&self) -> PaymentRef {
        PaymentRef {
            payment: self.id,
            number: self.number,
            provider_payment: self.provider_payment.clone(),
            amount: self.amount,
        }
    }

    /// What is wrong with a report of `provider`, which `is_test` or is not, about this payment.
    fn suspicion(&self, provider: ProviderId, is_test: bool, report: &PaymentUpdate) -> Option<Mismatch> {
        if provider != self.provider {
            return Some(Mismatch::Provider);
        }
        if report.number.is_some_and(|number| number != self.number) {
            return Some(Mismatch::Number);
        }
        // Both: an intent from before the provider was switched over buys nothing with money that is not real, and the
        // reverse.
        if report.test != self.test || report.test != is_test {
            return Some(Mismatch::Test);
        }
        let (amount_fits, needs_currency) = match &report.event {
            PaymentEvent::Authorized | PaymentEvent::Paid => (report.amount == self.amount, true),
            PaymentEvent::Refunded(_) => (report.amount.is_positive() && self.back(report) <= self.amount, true),
            // No money is in these.
            PaymentEvent::Declined | PaymentEvent::Canceled => (true, false),
        };
        if needs_currency && report.currency != CURRENCY {
            return Some(Mismatch::Currency);
        }
        (!amount_fits).then_some(Mismatch::Amount)
    }

    /// What has gone back in all, if the refund that `report` tells of is new.
    fn back(&self, report: &PaymentUpdate) -> Amount {
        match &report.event {
            PaymentEvent::Refunded(Refunded::One { .. }) => self.refunded + report.amount,
            PaymentEvent::Refunded(Refunded::InAll) => self.refunded.max(report.amount),
            _ => self.refunded,
        }
    }

    /// What `kopecks` of this payment bought. Rounded down, so that a refund never takes more than its share.
    fn share(&self, kopecks: Amount) -> Amount {
        let (part, whole) = (i128::from(kopecks.units()), i128::from(self.amount.units()).max(1));
        let share = part * i128::from(self.credit.units()) / whole;
        Amount::new(i64::try_from(share).unwrap_or(i64::MAX)).min(self.credit)
    }

    /// May this be paid?
    pub(super) fn answer(
        &self,
        provider: ProviderId,
        is_test: bool,
        question: &PaymentUpdate,
        now: Timestamp,
    ) -> Verdict {
        match self.suspicion(provider, is_test, question) {
            Some(suspicion) => suspicion.verdict(),
            None if !self.state.is_open() && self.state != State::Paid => Verdict::Expired,
            None if self.state == State::Paid => Verdict::Refused,
            None if now >= self.expires_at => Verdict::Expired,
            None => Verdict::Accepted,
        }
    }

    /// What a report means for this payment.
    pub(super) fn decide(&self, provider: ProviderId, is_test: bool, report: &PaymentUpdate) -> Decision {
        if let Some(suspicion) = self.suspicion(provider, is_test, report) {
            return Decision::Suspect(suspicion);
        }
        let is_same = self.provider_payment.as_ref().is_none_or(|known| *known == report.provider_payment);
        match &report.event {
            PaymentEvent::Authorized if matches!(self.state, State::Created | State::Open) => {
                Decision::Move(State::Authorized)
            }
            // Another attempt at the same order may still succeed.
            PaymentEvent::Canceled if self.state.is_open() && is_same => Decision::Move(State::Canceled),
            PaymentEvent::Authorized | PaymentEvent::Canceled | PaymentEvent::Declined => Decision::Note,
            PaymentEvent::Paid if self.state == State::Paid && is_same => Decision::Nothing,
            PaymentEvent::Paid if self.state == State::Paid => Decision::Suspect(Mismatch::PaidTwice),
            PaymentEvent::Paid => self.settle(is_same),
            // Of a payment that was never credited, such as one of two for the same order.
            PaymentEvent::Refunded(_) if self.state == State::Paid && !is_same => Decision::Note,
            PaymentEvent::Refunded(_) => {
                let refunded = self.back(report);
                match (refunded > self.refunded, self.state) {
                    (false, _) => Decision::Nothing,
                    (true, State::Paid) => {
                        let owed = self.share(refunded) - self.debited - self.debt;
                        Decision::TakeBack { refunded, owed: owed.max(Amount::ZERO) }
                    }
                    (true, _) => Decision::Remember { refunded },
                }
            }
        }
    }

    /// The settlement. A refund that was told before its payment lowers the credit; one of another attempt has nothing
    /// to do with it.
    fn settle(&self, is_same: bool) -> Decision {
        let refunded = if is_same { self.refunded } else { Amount::ZERO };
        let debited = self.share(refunded);
        Decision::Settle { credit: self.credit - debited, refunded, debited }
    }
}

/// What a report changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing: it is known.
    Nothing,
    /// Nothing but the record of it.
    Note,
    /// The state.
    Move(State),
    /// The payment is paid.
    Settle {
        /// What goes on the account.
        credit: Amount,
        /// What has gone back already, in kopecks.
        refunded: Amount,
        /// What the credit is lowered by for it.
        debited: Amount,
    },
    /// Money went back: this much is to be taken off the account, as far as it is there.
    TakeBack {
        /// What has gone back in all, in kopecks.
        refunded: Amount,
        /// What is owed for it now.
        owed: Amount,
    },
    /// Money went back, of a payment that we do not know to be paid yet.
    Remember {
        /// What has gone back in all, in kopecks.
        refunded: Amount,
    },
    /// It does not agree with what we know; a person has to look at it.
    Suspect(Mismatch),
}

/// What is wrong with a proved report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The payment was made with another provider.
    Provider,
    /// The order has another number.
    Number,
    /// Test money for a real payment, or the reverse.
    Test,
    /// Not the amount that was asked for; for a refund, more than was paid.
    Amount,
    /// Not roubles.
    Currency,
    /// Two payments for one order: the second one has to be given back.
    PaidTwice,
    /// The provider's payment has been credited as another payment of ours.
    Reused,
}

impl Mismatch {
    /// A word for records and logs.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Number => "number",
            Self::Test => "test",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::PaidTwice => "paid_twice",
            Self::Reused => "reused",
        }
    }

    /// What the provider is told.
    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::Provider | Self::Number => Verdict::UnknownPayment,
            Self::Test => Verdict::Refused,
            Self::Amount | Self::Currency => Verdict::WrongAmount,
            Self::PaidTwice | Self::Reused => Verdict::Accepted,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const PROVIDER: ProviderId = ProviderId::TBank;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn payment(state: State) -> Payment {
        Payment {
            id: Uuid::from_u128(1).into(),
            number: 7,
            owner: Uuid::from_u128(2).into(),
            provider: PROVIDER,
            test: false,
            amount: Amount::new(50_000),
            credit: Amount::new(5000),
            rate: None,
            title: "Пополнение".to_owned(),
            refund_title: "Возврат платежа".to_owned(),
            state,
            url: None,
            provider_payment: Some("p1".to_owned()),
            created_at: at(0),
            expires_at: at(60),
            paid_at: (state == State::Paid).then(|| at(5)),
            refunded: Amount::ZERO,
            debited: Amount::ZERO,
            debt: Amount::ZERO,
            checks: 0,
        }
    }

    fn report(event: PaymentEvent, kopecks: i64) -> PaymentUpdate {
        PaymentUpdate {
            payment: Uuid::from_u128(1).into(),
            number: Some(7),
            provider_payment: "p1".to_owned(),
            event,
            amount: Amount::new(kopecks),
            currency: "RUB".to_owned(),
            test: false,
        }
    }

    fn decide(payment: &Payment, report: &PaymentUpdate) -> Decision {
        payment.decide(PROVIDER, false, report)
    }

    const STATES: [State; 7] =
        [State::Created, State::Open, State::Authorized, State::Paid, State::Refused, State::Canceled, State::Expired];

    #[test]
    fn money_that_came_is_credited_whatever_the_payment_looked_like_but_once() {
        let full = Decision::Settle { credit: Amount::new(5000), refunded: Amount::ZERO, debited: Amount::ZERO };
        for state in STATES {
            let wanted = if state == State::Paid { Decision::Nothing } else { full };
            assert_eq!(decide(&payment(state), &report(PaymentEvent::Paid, 50_000)), wanted, "{state:?}");
        }
    }

    #[test]
    fn a_second_payment_for_the_same_order_is_for_a_person_to_look_at() {
        let second = PaymentUpdate { provider_payment: "p2".to_owned(), ..report(PaymentEvent::Paid, 50_000) };
        assert_eq!(decide(&payment(State::Paid), &second), Decision::Suspect(Mismatch::PaidTwice));
        let first = Decision::Settle { credit: Amount::new(5000), refunded: Amount::ZERO, debited: Amount::ZERO };
        assert_eq!(decide(&payment(State::Open), &second), first, "nothing is credited yet");
    }

    #[test]
    fn late_and_reordered_reports_never_undo_a_payment() {
        for event in [PaymentEvent::Authorized, PaymentEvent::Declined, PaymentEvent::Canceled] {
            assert_eq!(decide(&payment(State::Paid), &report(event, 50_000)), Decision::Note);
        }
        for state in [State::Refused, State::Canceled, State::Expired] {
            assert_eq!(decide(&payment(state), &report(PaymentEvent::Authorized, 50_000)), Decision::Note);
        }
    }

    #[test]
    fn only_the_end_of_the_attempt_that_we_know_of_closes_a_payment() {
        let canceled = report(PaymentEvent::Canceled, 0);
        let other = PaymentUpdate { provider_payment: "p2".to_owned(), ..canceled.clone() };
        for state in [State::Created, State::Open, State::Authorized] {
            assert_eq!(decide(&payment(state), &canceled), Decision::Move(State::Canceled));
            assert_eq!(decide(&payment(state), &other), Decision::Note);
            assert_eq!(decide(&payment(state), &report(PaymentEvent::Declined, 50_000)), Decision::Note);
        }
    }

    #[test]
    fn a_report_that_does_not_agree_moves_nothing() {
        let paid = report(PaymentEvent::Paid, 50_000);
        let cases = [
            (PaymentUpdate { number: Some(8), ..paid.clone() }, Mismatch::Number),
            (PaymentUpdate { test: true, ..paid.clone() }, Mismatch::Test),
            (PaymentUpdate { amount: Amount::new(49_999), ..paid.clone() }, Mismatch::Amount),
            (PaymentUpdate { amount: Amount::new(50_001), ..paid.clone() }, Mismatch::Amount),
            (PaymentUpdate { currency: "USD".to_owned(), ..paid.clone() }, Mismatch::Currency),
        ];
        for state in STATES {
            for (report, suspicion) in &cases {
                assert_eq!(decide(&payment(state), report), Decision::Suspect(*suspicion), "{report:?}");
            }
            let elsewhere = payment(state).decide(ProviderId::Robokassa, false, &paid);
            assert_eq!(elsewhere, Decision::Suspect(Mismatch::Provider));
            let switched = payment(state).decide(PROVIDER, true, &paid);
            assert_eq!(switched, Decision::Suspect(Mismatch::Test), "real money, and a provider set up for tests");
        }
        let without = PaymentUpdate { number: None, ..paid };
        assert!(matches!(decide(&payment(State::Open), &without), Decision::Settle { .. }));
    }

    #[test]
    fn refunds_are_rounded_in_the_payers_favour_and_never_exceed_the_credit() {
        let one = |kopecks| report(PaymentEvent::Refunded(Refunded::One { id: "r".to_owned() }), kopecks);
        let owed = |payment: &Payment, report: &PaymentUpdate| match decide(payment, report) {
            Decision::TakeBack { refunded, owed } => (refunded.units(), owed.units()),
            other => panic!("{other:?}"),
        };
        let mut paid = payment(State::Paid);
        assert_eq!(owed(&paid, &one(9)), (9, 0));
        assert_eq!(owed(&paid, &one(19)), (19, 1));
        assert_eq!(owed(&paid, &one(50_000)), (50_000, 5000));
        (paid.refunded, paid.debited, paid.debt) = (Amount::new(19), Amount::new(1), Amount::ZERO);
        assert_eq!(owed(&paid, &one(1)), (20, 1), "what was rounded off before is not lost");
        (paid.refunded, paid.debited, paid.debt) = (Amount::new(40_000), Amount::new(1000), Amount::new(3000));
        assert_eq!(owed(&paid, &one(10_000)), (50_000, 1000), "what is owed already is not owed twice");
        for kopecks in [10_001, 0, -5, i64::MAX] {
            assert_eq!(decide(&paid, &one(kopecks)), Decision::Suspect(Mismatch::Amount), "{kopecks}");
        }
    }

    #[test]
    fn totals_of_refunds_may_come_in_any_order() {
        let in_all = |kopecks| report(PaymentEvent::Refunded(Refunded::InAll), kopecks);
        let mut paid = payment(State::Paid);
        (paid.refunded, paid.debited) = (Amount::new(20_000), Amount::new(2000));
        assert_eq!(decide(&paid, &in_all(20_000)), Decision::Nothing);
        assert_eq!(decide(&paid, &in_all(10_000)), Decision::Nothing);
        let more = Decision::TakeBack { refunded: Amount::new(30_000), owed: Amount::new(1000) };
        assert_eq!(decide(&paid, &in_all(30_000)), more);
        assert_eq!(decide(&paid, &in_all(50_001)), Decision::Suspect(Mismatch::Amount));
    }

    #[test]
    fn a_refund_that_is_told_before_its_payment_lowers_the_credit() {
        let mut open = payment(State::Open);
        let refund = report(PaymentEvent::Refunded(Refunded::InAll), 20_000);
        assert_eq!(decide(&open, &refund), Decision::Remember { refunded: Amount::new(20_000) });
        open.refunded = Amount::new(20_000);
        let paid = report(PaymentEvent::Paid, 50_000);
        let (credit, refunded, debited) = (Amount::new(3000), Amount::new(20_000), Amount::new(2000));
        assert_eq!(decide(&open, &paid), Decision::Settle { credit, refunded, debited });
        let other = PaymentUpdate { provider_payment: "p2".to_owned(), ..paid };
        let full = Decision::Settle { credit: Amount::new(5000), refunded: Amount::ZERO, debited: Amount::ZERO };
        assert_eq!(decide(&open, &other), full, "the refund was of another attempt");
    }

    #[test]
    fn the_refund_of_a_payment_that_was_never_credited_takes_nothing() {
        let refund = PaymentUpdate {
            provider_payment: "p2".to_owned(),
            ..report(PaymentEvent::Refunded(Refunded::One { id: "r".to_owned() }), 50_000)
        };
        assert_eq!(decide(&payment(State::Paid), &refund), Decision::Note);
    }

    #[test]
    fn questions_are_answered_before_money_moves() {
        let answer = |state, report: &PaymentUpdate, minute| payment(state).answer(PROVIDER, false, report, at(minute));
        let question = report(PaymentEvent::Paid, 50_000);
        assert_eq!(answer(State::Open, &question, 59), Verdict::Accepted);
        assert_eq!(answer(State::Open, &question, 60), Verdict::Expired);
        assert_eq!(answer(State::Canceled, &question, 1), Verdict::Expired);
        assert_eq!(answer(State::Paid, &question, 1), Verdict::Refused);
        let wrong = PaymentUpdate { amount: Amount::new(1), ..question.clone() };
        assert_eq!(answer(State::Open, &wrong, 1), Verdict::WrongAmount);
        let test = PaymentUpdate { test: true, ..question };
        assert_eq!(answer(State::Open, &test, 1), Verdict::Refused);
    }

    #[test]
    fn what_was_not_paid_in_time_has_failed() {
        for state in [State::Created, State::Open] {
            assert_eq!(payment(state).status(at(59)), Status::Pending);
            assert_eq!(payment(state).status(at(60)), Status::Failed);
        }
        assert_eq!(payment(State::Authorized).status(at(600)), Status::Pending);
        assert_eq!(payment(State::Paid).status(at(600)), Status::Completed);
    }
}
