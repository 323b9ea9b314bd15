//! Circuit breakers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kernel::{Clock, Timestamp};

/// Failures in a row that open a circuit.
pub const FAILURES_TO_OPEN: u32 = 5;
/// How long a circuit stays open before one call probes it.
pub const OPEN_FOR: Duration = Duration::from_secs(30);

/// A circuit breaker per callee.
///
/// State is per process: an instance notices an outage within a handful of calls, and a write to the table per call
/// would cost more than that.
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
    /// Breakers with all circuits closed.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { breakers: Arc::default(), clock }
    }

    /// Whether `callee` may be called now. After [`OPEN_FOR`] one caller gets to probe it.
    pub fn may_call(&self, callee: &K) -> bool {
        let mut breakers = self.lock();
        let Some(breaker) = breakers.get_mut(callee) else { return true };
        let now = self.clock.now();
        match breaker.open_until {
            Some(until) if now < until => false,
            // Others are refused until this probe is back.
            Some(_) => {
                breaker.open_until = Some(now + OPEN_FOR);
                true
            }
            None => true,
        }
    }

    /// Whether the circuit of `callee` is open. Does not start a probe.
    pub fn is_open(&self, callee: &K) -> bool {
        let now = self.clock.now();
        self.lock().get(callee).and_then(|breaker| breaker.open_until).is_some_and(|until| now < until)
    }

    /// Records a success: closes the circuit.
    pub fn succeeded(&self, callee: &K) {
        self.lock().remove(callee);
    }

    /// Records a failure.
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
