//! Names to addresses, of which none may be private.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use domain::webhooks::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The address is not one that webhooks may be sent to. Which it is, is not told: the text is for the customer, and
/// names of ours resolve to addresses of ours.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public")]
pub(super) struct Blocked;

/// Looks names up. Apart, so that tests say what a name leads to.
#[async_trait]
pub(super) trait Lookup: Send + Sync {
    /// The addresses of a host.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A resolver that gives out addresses only if all of a name's are admitted: a name with a private one among them is up
/// to no good.
pub(super) struct GuardedResolver {
    pub(super) reach: Reach,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, lookup) = (self.reach, Arc::clone(&self.lookup));
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str()).await?;
            if addresses.is_empty() {
                return Err("the name has no address".into());
            }
            if !addresses.iter().all(|&address| reach.admits(address)) {
                return Err(Blocked.into());
            }
            // The client puts the port of the URL in place of 0.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The error of a kind that led to `error`.
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

/// What the first of a chain of errors says: "connection refused", where the last says "error sending request".
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}
