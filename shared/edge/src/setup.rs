//! What functions build from their variables at start.

use std::sync::Arc;

use domain::identity::{Identity, TokenIssuer, TokenKeys};
use domain::rate_limit::{Limit, Policy, RateLimiter};
use domain::realtime::{Connections, Publisher};
use store::{Objects, Queue, Sockets, Table};

use crate::platform::Platform;
use crate::throttle::{Callers, RateLimit, Throttle};
use crate::vars::{ConfigError, malformed};

impl Platform {
    /// The product's table. Reads `TABLE_NAME`.
    pub fn table(&self) -> Result<Table, ConfigError> {
        Ok(Table::new(self.aws.dynamodb(), self.vars.require("TABLE_NAME")?))
    }

    /// The product's bucket. Reads `BUCKET_NAME`.
    pub fn objects(&self) -> Result<Objects, ConfigError> {
        Ok(Objects::new(self.aws.s3(), self.vars.require("BUCKET_NAME")?))
    }

    /// The queue whose URL is in the variable `name`.
    pub fn queue(&self, name: &str) -> Result<Queue, ConfigError> {
        Ok(Queue::new(self.aws.sqs(), self.vars.require(name)?))
    }

    /// The users of `product`. Reads `TOKEN_KEYS`: secrets of at least 32 bytes, separated by commas, newest first.
    pub fn identity(&self, product: &'static str, table: &Table) -> Result<Identity, ConfigError> {
        let keys: TokenKeys = self.vars.parse("TOKEN_KEYS")?;
        Ok(self.identity_of(TokenIssuer::new(product, keys), table))
    }

    pub(crate) fn identity_of(&self, tokens: TokenIssuer, table: &Table) -> Identity {
        Identity::new(table.clone(), tokens, Arc::clone(&self.clock), Arc::clone(&self.ids))
    }

    /// The registry of WebSocket connections.
    pub fn connections(&self, table: &Table) -> Connections {
        Connections::new(table.clone(), Arc::clone(&self.clock))
    }

    /// The sender of WebSocket frames. Reads `SOCKET_ENDPOINT`: the management endpoint of the WebSocket API's stage.
    pub fn publisher(&self, table: &Table) -> Result<Publisher, ConfigError> {
        let sockets = Sockets::new(self.aws.sockets(self.vars.require("SOCKET_ENDPOINT")?));
        Ok(Publisher::new(self.connections(table), sockets, Arc::clone(&self.ids)))
    }

    /// A limit in front of a group of endpoints, called `name`. Reads `variable`: `requests/seconds`.
    pub fn throttle<C: Callers>(
        &self,
        name: &'static str,
        variable: &str,
        callers: &C,
        table: &Table,
    ) -> Result<Throttle<C>, ConfigError> {
        Ok(Throttle { callers: callers.clone(), limit: self.rate_limit(name, variable, table)? })
    }

    /// A limit called `name`. Reads `variable`: `requests/seconds`.
    pub fn rate_limit(&self, name: &'static str, variable: &str, table: &Table) -> Result<RateLimit, ConfigError> {
        Ok(RateLimit {
            limiter: RateLimiter::new(table.clone()),
            policy: Policy { name, limit: self.vars.parse::<Limit>(variable)? },
            clock: Arc::clone(&self.clock),
        })
    }

    /// The absolute URL in the variable `name`: `https` or `http`, no query, no fragment. Returned without a trailing
    /// slash.
    pub fn url(&self, name: &str) -> Result<String, ConfigError> {
        absolute_url(name, self.vars.require(name)?)
    }
}

fn absolute_url(name: &str, text: &str) -> Result<String, ConfigError> {
    let wrong = |reason: &str| malformed(name, &reason);
    // `Uri` silently drops a fragment.
    if text.contains(['?', '#']) {
        return Err(wrong("expected no query and no fragment"));
    }
    let url: http::Uri = text.parse().map_err(|error| malformed(name, &error))?;
    match (url.scheme_str(), url.host()) {
        (Some("https" | "http"), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(wrong("expected an absolute http or https URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_absolute_and_plain() {
        for (text, url) in [
            ("https://api.example", "https://api.example"),
            ("https://api.example/", "https://api.example"),
            ("http://localhost:8000/auth/callback", "http://localhost:8000/auth/callback"),
        ] {
            assert_eq!(absolute_url("NAME", text).unwrap(), url);
        }
        for bad in [
            "",
            "api.example",
            "/path",
            "ftp://host",
            "javascript:alert(1)",
            "https://a?b",
            "https://a#b",
            "https://a b",
        ] {
            assert!(absolute_url("NAME", bad).is_err(), "{bad}");
        }
    }
}
