//! Metrics: noted where something happens, collected per invocation, printed by the edge.
//!
//! Notes belong to the task that runs the invocation. Outside of [`collected`], and in a spawned task, noting does
//! nothing.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

/// A counter.
///
/// Each context and each product declares its own, as associated constants in its `mod.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric(&'static str);

impl Metric {
    /// Requests answered, messages handled, schedules run.
    pub const REQUESTS: Self = Self::new("Requests");
    /// Those that ended in a fault of ours.
    pub const FAULTS: Self = Self::new("Faults");

    /// The metric called `name` in CloudWatch.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name in CloudWatch.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The calls of one vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorCalls {
    /// How long each took until its answer began, or until it failed, in milliseconds.
    pub millis: Vec<u64>,
    /// How many had no answer, or one that says that the vendor is in trouble.
    pub failures: u64,
}

/// What one invocation noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    pub counts: BTreeMap<Metric, u64>,
    /// Refused requests, by code.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Vendor calls, by the vendor's name.
    pub vendors: BTreeMap<Cow<'static, str>, VendorCalls>,
}

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// Runs `work` and returns what it noted.
pub async fn collected<T>(work: impl Future<Output = T>) -> (T, Notes) {
    NOTES.scope(RefCell::default(), async { (work.await, NOTES.with(RefCell::take)) }).await
}

/// Adds `many` to `metric`. Zero is noted too: a metric that is zero is not a metric that is missing.
pub fn note(metric: Metric, many: u64) {
    with(|notes| *notes.counts.entry(metric).or_default() += many);
}

/// Counts a refused request.
pub fn note_refusal(code: &'static str) {
    with(|notes| *notes.refusals.entry(code).or_default() += 1);
}

/// Counts a vendor call. Names come from code or configuration, so that there are few.
pub fn note_vendor(vendor: impl Into<Cow<'static, str>>, took: Duration, failed: bool) {
    with(|notes| {
        let calls = notes.vendors.entry(vendor.into()).or_default();
        calls.millis.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        calls.failures += u64::from(failed);
    });
}

fn with(change: impl FnOnce(&mut Notes)) {
    // Outside a scope nothing is collected.
    let _ = NOTES.try_with(|notes| change(&mut notes.borrow_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_add_up_and_end_with_their_scope() {
        const CALLS: Metric = Metric::new("Calls");
        const LATE: Metric = Metric::new("Late");
        note(CALLS, 1);
        let ((), notes) = collected(async {
            note(CALLS, 20);
            note(CALLS, 5);
            note(LATE, 0);
            note_refusal("RATE_LIMITED");
            note_refusal("RATE_LIMITED");
            note_vendor("openai", Duration::from_millis(7), false);
            note_vendor("openai", Duration::from_millis(9), true);
        })
        .await;
        assert_eq!(notes.counts, BTreeMap::from([(CALLS, 25), (LATE, 0)]));
        assert_eq!(notes.refusals, BTreeMap::from([("RATE_LIMITED", 2)]));
        assert_eq!(notes.vendors, BTreeMap::from([("openai".into(), VendorCalls { millis: vec![7, 9], failures: 1 })]));
        let ((), none) = collected(async {}).await;
        assert_eq!(none, Notes::default());
    }
}
