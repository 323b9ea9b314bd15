//! Where people find what runs. Everything else listens on ports that the system picks.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::registry;

/// The port of the start page.
pub(crate) const CONSOLE: u16 = 8080;

/// The port of the sandbox: fixed, because payment pages and mailboxes are bookmarked.
pub(crate) const SANDBOX: u16 = 8090;

/// How ports are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The usual ones, each moved by this number.
    Fixed {
        /// Added to every port.
        offset: u16,
    },
    /// Free ones, picked by the system. For tests.
    Free,
}

/// A port cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else has it.
    #[error("port {port} ({what}) is taken; stop what uses it, or move all ports with --port-offset")]
    Taken {
        /// Which port.
        port: u16,
        /// What wanted it.
        what: String,
    },
    /// The system refuses it.
    #[error("port {port} ({what}): {cause}")]
    Refused {
        /// Which port.
        port: u16,
        /// What wanted it.
        what: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The product has no port.
    #[error("the product {0} has no port; give it one in infra/local/src/registry.rs")]
    Unknown(String),
    /// The offset leads past the last port.
    #[error("a port offset of {0} leads past port 65535")]
    Offset(u16),
}

impl Ports {
    /// Listens for `product`'s clients.
    pub(crate) async fn product(self, product: &str) -> Result<TcpListener, Error> {
        let known = registry::product(product).ok_or_else(|| Error::Unknown(product.to_owned()))?;
        self.listen(known.port, product).await
    }

    /// Listens on the port that is usually `usual`.
    pub(crate) async fn listen(self, usual: u16, what: &str) -> Result<TcpListener, Error> {
        match self {
            Self::Fixed { offset } => bind(usual.checked_add(offset).ok_or(Error::Offset(offset))?, what).await,
            Self::Free => free(what).await,
        }
    }
}

/// Listens on a port that the system picks.
pub(crate) async fn free(what: &str) -> Result<TcpListener, Error> {
    bind(0, what).await
}

/// Only on loopback: nothing here is fit for a network.
async fn bind(port: u16, what: &str) -> Result<TcpListener, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AddrInUse => Error::Taken { port, what: what.to_owned() },
        _ => Error::Refused { port, what: what.to_owned(), cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_out() {
        let holder = free("holder").await.unwrap();
        let port = holder.local_addr().unwrap().port();
        let ports = Ports::Fixed { offset: port - registry::product("aggregator").unwrap().port };
        let message = ports.product("aggregator").await.unwrap_err().to_string();
        let expected =
            format!("port {port} (aggregator) is taken; stop what uses it, or move all ports with --port-offset");
        assert_eq!(message, expected);
    }
}
