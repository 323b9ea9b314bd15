//! Fixed-window request limits, one write per request, shared by all instances of all functions.

mod items;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use store::{Table, Update, attr};

use crate::kernel::{Error, Result, Timestamp};
use items::{WindowItem, window_key};

/// Requests per window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests per window.
    pub requests: u32,
    /// Length of the window in whole seconds.
    pub window: Duration,
}

/// A limit is written `requests/seconds`: `10/3600` is ten an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected requests/seconds, both above zero, for example 10/3600")]
pub struct MalformedLimit;

impl FromStr for Limit {
    type Err = MalformedLimit;

    fn from_str(text: &str) -> Result<Self, MalformedLimit> {
        let (requests, seconds) = text.split_once('/').ok_or(MalformedLimit)?;
        let requests: u32 = requests.trim().parse().map_err(|_| MalformedLimit)?;
        let seconds: u64 = seconds.trim().parse().map_err(|_| MalformedLimit)?;
        if requests == 0 || seconds == 0 {
            return Err(MalformedLimit);
        }
        Ok(Self { requests, window: Duration::from_secs(seconds) })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.window.as_secs())
    }
}

/// A named limit. Each name has counters of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Short stable name, part of the key.
    pub name: &'static str,
    /// The limit.
    pub limit: Limit,
}

/// A caller's quota after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests per window.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// When the next window starts.
    pub resets_at: Timestamp,
}

impl Quota {
    /// Of two quotas the one that leaves fewer requests.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        if other.remaining <= self.remaining { other } else { self }
    }
}

/// Counts requests.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    table: Table,
}

impl RateLimiter {
    /// A limiter that counts in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Counts one request of `subject` (an IP address, a user).
    ///
    /// Fails with [`Error::RateLimited`] once the limit is exceeded. Refused requests count too.
    pub async fn hit(&self, policy: &Policy, subject: &str, now: Timestamp) -> Result<Quota> {
        let (start, end) = window(policy, now);
        let key = window_key(policy.name, subject, start);
        let item: WindowItem = self.table.update(Update::new(key).add("hits", 1).set("expires_at", end + 60)).await?;
        let resets_at = Timestamp::from_second(end).unwrap_or(now);
        let limit = policy.limit.requests;
        if item.hits > limit {
            let wait = u64::try_from(end - now.as_second()).unwrap_or_default();
            return Err(Error::RateLimited { limit, retry_after: Duration::from_secs(wait.max(1)), resets_at });
        }
        Ok(Quota { limit, remaining: limit - item.hits, resets_at })
    }

    /// Refunds a request counted at `at` that should not count.
    pub async fn refund(&self, policy: &Policy, subject: &str, at: Timestamp) -> Result<()> {
        let (start, end) = window(policy, at);
        let key = window_key(policy.name, subject, start);
        let update = Update::new(key).add("hits", -1).set("expires_at", end + 60).when(attr("hits").at_least(1));
        // Does nothing if the window is over and was deleted.
        self.table.try_update::<WindowItem>(update).await?;
        Ok(())
    }
}

/// When the window of `at` starts and ends, in seconds since 1970.
fn window(policy: &Policy, at: Timestamp) -> (i64, i64) {
    let length = i64::try_from(policy.limit.window.as_secs()).unwrap_or(i64::MAX).max(1);
    let start = at.as_second() - at.as_second().rem_euclid(length);
    (start, start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_parse_and_print() {
        let limit: Limit = "10/3600".parse().unwrap();
        assert_eq!(limit, Limit { requests: 10, window: Duration::from_hours(1) });
        assert_eq!(limit.to_string(), "10/3600");
        for bad in ["", "10", "0/5", "5/0", "-1/5", "a/b", "10/3600/1"] {
            assert_eq!(bad.parse::<Limit>(), Err(MalformedLimit), "{bad}");
        }
    }
}
