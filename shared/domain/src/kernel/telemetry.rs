//! What operators count: noted where it happens, collected per invocation, and turned into metrics by whoever runs the invocation.
//!
//! Notes are kept by the task that works. Outside of [`collected`], and in a task that was spawned from it, noting does nothing.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// Something that is counted per product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Requests answered, messages handled, schedules run.
    Requests,
    /// Those of them that ended in a fault of ours.
    Faults,
    /// Units of the product's own money that were spent in the end.
    Charged,
    /// Unfinished jobs that the sweeper sent again.
    JobsOverdue,
    /// Jobs that failed because they were begun too often.
    JobsGivenUp,
    /// Calls of models that nobody settled, whose hold the sweeper gave back.
    CallsReleased,
    /// Calls of models that were not counted, which the sweeper told of again.
    CallsRetold,
    /// Reports of payments that do not fit what was asked for.
    PaymentsSuspicious,
    /// Refunds of what was spent already.
    RefundDebts,
    /// Accounts looked at by a check of the ledger.
    LedgerAccounts,
    /// What is wrong with them.
    LedgerDifferences,
}

impl Metric {
    /// The name in metrics, alarms and dashboards.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::Faults => "Faults",
            Self::Charged => "Charged",
            Self::JobsOverdue => "JobsOverdue",
            Self::JobsGivenUp => "JobsGivenUp",
            Self::CallsReleased => "CallsReleased",
            Self::CallsRetold => "CallsRetold",
            Self::PaymentsSuspicious => "PaymentsSuspicious",
            Self::RefundDebts => "RefundDebts",
            Self::LedgerAccounts => "LedgerAccounts",
            Self::LedgerDifferences => "LedgerDifferences",
        }
    }
}

/// The calls of one vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorCalls {
    /// How long each took until its answer began, or until it failed, in milliseconds.
    pub millis: Vec<u64>,
    /// How many ended without an answer, or in one that says that the vendor is in trouble.
    pub failures: u64,
}

/// What was noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Sums.
    pub counts: BTreeMap<Metric, u64>,
    /// Answers that refuse a request, by their code.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Calls of vendors, by the vendor's name.
    pub vendors: BTreeMap<Cow<'static, str>, VendorCalls>,
}

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// Runs `work` and tells what was noted in it.
pub async fn collected<T>(work: impl Future<Output = T>) -> (T, Notes) {
    NOTES.scope(RefCell::default(), async { (work.await, NOTES.with(RefCell::take)) }).await
}

/// Counts `many` of `metric`. A count of nothing is noted too: a metric that is there and zero is not one that is missing.
pub fn note(metric: Metric, many: u64) {
    with(|notes| *notes.counts.entry(metric).or_default() += many);
}

/// Counts an answer that refuses a request.
pub fn note_refusal(code: &'static str) {
    with(|notes| *notes.refusals.entry(code).or_default() += 1);
}

/// Counts a call of a vendor. Its name comes from code or configuration, so that there are few.
pub fn note_vendor(vendor: impl Into<Cow<'static, str>>, took: Duration, failed: bool) {
    with(|notes| {
        let calls = notes.vendors.entry(vendor.into()).or_default();
        calls.millis.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        calls.failures += u64::from(failed);
    });
}

fn with(change: impl FnOnce(&mut Notes)) {
    // Outside any scope nobody asked.
    let _ = NOTES.try_with(|notes| change(&mut notes.borrow_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_add_up_and_end_with_their_scope() {
        note(Metric::Charged, 1);
        let ((), notes) = collected(async {
            note(Metric::Charged, 20);
            note(Metric::Charged, 5);
            note(Metric::JobsOverdue, 0);
            note_refusal("RATE_LIMITED");
            note_refusal("RATE_LIMITED");
            note_vendor("openai", Duration::from_millis(7), false);
            note_vendor("openai", Duration::from_millis(9), true);
        })
        .await;
        assert_eq!(notes.counts, BTreeMap::from([(Metric::Charged, 25), (Metric::JobsOverdue, 0)]));
        assert_eq!(notes.refusals, BTreeMap::from([("RATE_LIMITED", 2)]));
        assert_eq!(notes.vendors, BTreeMap::from([("openai".into(), VendorCalls { millis: vec![7, 9], failures: 1 })]));
        let ((), none) = collected(async {}).await;
        assert_eq!(none, Notes::default());
    }
}
