//! The limit on failed log-ins.

use store::Table;

use crate::kernel::{Result, Timestamp, digest};
use crate::rate_limit::{Limit, Policy, Quota, RateLimiter};

/// Limits failed log-ins: those from one network with one account, and those from one network with all accounts.
///
/// Never those with one account alone: then anybody could lock its owner out.
#[derive(Clone)]
pub struct LogInThrottle {
    limiter: RateLimiter,
    per_account: Policy,
    per_network: Policy,
}

/// A log-in that is being attempted.
pub struct LogInAttempt<'a> {
    throttle: &'a LogInThrottle,
    account: String,
    network: &'a str,
    at: Timestamp,
}

impl LogInThrottle {
    /// Counts in `table`.
    pub fn new(table: Table, per_account: Limit, per_network: Limit) -> Self {
        Self {
            limiter: RateLimiter::new(table),
            per_account: Policy { name: "login", limit: per_account },
            per_network: Policy { name: "logins", limit: per_network },
        }
    }

    /// A log-in from `network` with what was given as the account's address.
    pub fn attempt<'a>(&'a self, network: &'a str, email: &str, at: Timestamp) -> LogInAttempt<'a> {
        LogInAttempt { throttle: self, account: format!("{network}#{}", account_label(email)), network, at }
    }
}

impl LogInAttempt<'_> {
    /// Counts the attempt as failed, before the password is checked: parallel attempts must not get past the limit.
    /// Returns the tighter quota.
    pub async fn count(&self) -> Result<Quota> {
        let LogInThrottle { limiter, per_account, per_network } = self.throttle;
        let account = limiter.hit(per_account, &self.account, self.at).await?;
        let network = limiter.hit(per_network, self.network, self.at).await?;
        Ok(account.tighter(network))
    }

    /// Takes the count back: the log-in succeeded.
    pub async fn succeeded(self) -> Result<()> {
        let LogInThrottle { limiter, per_account, per_network } = self.throttle;
        tokio::try_join!(
            limiter.refund(per_account, &self.account, self.at),
            limiter.refund(per_network, self.network, self.at)
        )?;
        Ok(())
    }
}

/// A hash of what was given as an address, so that any input fits into a key.
fn account_label(email: &str) -> String {
    digest(email.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_has_one_label() {
        assert_eq!(account_label(" User@Example.com"), account_label("user@example.com"));
        assert_ne!(account_label("user@example.com"), account_label("user@example.org"));
        assert_eq!(account_label(&"x".repeat(100_000)).len(), 43);
    }
}
