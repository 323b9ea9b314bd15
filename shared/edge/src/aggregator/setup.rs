//! What functions of AI Aggregator build from their variables at start.

use std::sync::Arc;

use domain::aggregator::{self, ACCESS_TOKEN_LIFETIME, Authenticator, PRODUCT};
use domain::identity::{Identity, TokenIssuer, TokenKeys};
use domain::rate_limit::RateLimiter;
use domain::webhooks::Deliveries;
use store::Table;

use super::Counted;
use crate::platform::Platform;
use crate::vars::ConfigError;

impl Platform {
    /// The companies of AI Aggregator and their keys. Reads `TOKEN_KEYS`, as [`Platform::identity`] does.
    pub fn authenticator(&self, table: &Table) -> Result<(Identity, Authenticator), ConfigError> {
        let keys: TokenKeys = self.vars.parse("TOKEN_KEYS")?;
        let tokens = TokenIssuer::new(PRODUCT, keys).with_access_lifetime(ACCESS_TOKEN_LIFETIME);
        let identity = self.identity_of(tokens, table);
        let authenticator =
            Authenticator::new(identity.clone(), table.clone(), Arc::clone(&self.clock), Arc::clone(&self.ids));
        Ok((identity, authenticator))
    }

    /// The limit called `name` of AI Aggregator's callers, from the variable `variable`: `requests/seconds`.
    pub fn counted(
        &self,
        name: &'static str,
        variable: &str,
        authenticator: &Authenticator,
        table: &Table,
    ) -> Result<Counted, ConfigError> {
        Ok(Counted {
            authenticator: authenticator.clone(),
            limiter: RateLimiter::new(table.clone()),
            policy: self.policy(name, variable)?,
            clock: Arc::clone(&self.clock),
        })
    }

    /// What is on its way to the servers of AI Aggregator's companies. Reads `WEBHOOK_QUEUE_URL`.
    pub fn deliveries(&self, table: &Table) -> Result<Deliveries, ConfigError> {
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        Ok(aggregator::deliveries(table.clone(), self.queue("WEBHOOK_QUEUE_URL")?, clock, ids))
    }
}
