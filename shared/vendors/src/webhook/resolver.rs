//! DNS resolution without private addresses.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use domain::webhooks::EgressPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The address is not allowed. It is not named: customers see the message, and our names resolve to our addresses.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public")]
pub(super) struct Blocked;

/// DNS look-up, replaced in tests.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A resolver that returns addresses only if all of a name's are allowed: one private address blocks the name.
pub(super) struct GuardedResolver {
    pub(super) egress: EgressPolicy,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (egress, lookup) = (self.egress, Arc::clone(&self.lookup));
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str()).await?;
            if addresses.is_empty() {
                return Err("the name has no address".into());
            }
            if !addresses.iter().all(|&address| egress.admits(address)) {
                return Err(Blocked.into());
            }
            // The client replaces port 0 with the URL's.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The cause of type `E` in the chain of `error`.
pub(super) fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        at = error.source();
    }
    None
}

/// The innermost error of a chain: "connection refused" rather than "error sending request".
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}
