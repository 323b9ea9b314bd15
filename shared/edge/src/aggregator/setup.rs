//! What AI Aggregator's functions build from their variables at start.

use std::sync::Arc;

use domain::aggregator::{self, ACCESS_TOKEN_LIFETIME, Authenticator, PRODUCT};
use domain::identity::{Identity, TokenIssuer, TokenKeys};
use domain::webhooks::Deliveries;
use store::Table;

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

    /// Deliveries of AI Aggregator's webhooks. Reads `WEBHOOK_QUEUE_URL`.
    pub fn deliveries(&self, table: &Table) -> Result<Deliveries, ConfigError> {
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        Ok(aggregator::deliveries(table.clone(), self.queue("WEBHOOK_QUEUE_URL")?, clock, ids))
    }
}
