//! Circuit breakers: who keeps failing is left alone for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kernel::{Clock, Timestamp};

/// After this many failures in a row somebody is left alone for a while.
pub const FAILURES_TO_OPEN: u32 = 5;
/// How long who fails is left alone; then one call tries it again.
pub const OPEN_FOR: Duration = Duration::from_secs(30);

/// A breaker for each of those who can be called: vendors, or models at vendors.
///
/// They live in the process, not in a table: an instance learns about an outage with a handful of calls, and a write per call would cost more than
/// that.
#[derive(Clone)]
pub struct Breakers<K> {
    breakers: Arc<Mutex<HashMap<K, Breaker>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl<K: Clone + Eq + Hash> Breakers<K> {
    /// Breakers that are all closed.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { breakers: Arc::default(), clock }
    }

    /// Whether `callee` may be called now. Of those who ask while it is being left alone, one gets to try once the time is over.
    pub fn may_call(&self, callee: &K) -> bool {
        let mut breakers = self.lock();
        let Some(breaker) = breakers.get_mut(callee) else { return true };
        let now = self.clock.now();
        match breaker.open_until {
            Some(until) if now < until => false,
            // This call probes; until it is back, others stay away.
            Some(_) => {
                breaker.open_until = Some(now + OPEN_FOR);
                true
            }
            None => true,
        }
    }

    /// Whether `callee` is being left alone. Asking changes nothing.
    pub fn is_open(&self, callee: &K) -> bool {
        let now = self.clock.now();
        self.lock().get(callee).and_then(|breaker| breaker.open_until).is_some_and(|until| now < until)
    }

    /// A call went well.
    pub fn succeeded(&self, callee: &K) {
        self.lock().remove(callee);
    }

    /// A call failed.
    pub fn failed(&self, callee: &K) {
        let now = self.clock.now();
        let mut breakers = self.lock();
        let breaker = breakers.entry(callee.clone()).or_default();
        breaker.failures += 1;
        if breaker.failures >= FAILURES_TO_OPEN {
            breaker.open_until = Some(now + OPEN_FOR);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Breaker>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
