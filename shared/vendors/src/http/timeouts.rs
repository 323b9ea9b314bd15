//! Time-outs of calls to vendors.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::Failure;

/// Time-outs of a call to a vendor. Each ends the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Opening the connection: DNS, TCP and TLS.
    pub connect: Duration,
    /// From the start of a request, connecting included, to the first byte of the answer's body. Reasoning models need
    /// a long one.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub silence: Duration,
    /// The whole call: access token, request, and reading to the end.
    pub total: Duration,
}

impl Default for Timeouts {
    /// 5 seconds to connect, 60 to the first byte, 30 of silence, 5 minutes in all.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_mins(1),
            silence: Duration::from_secs(30),
            total: Duration::from_mins(5),
        }
    }
}

/// The instant `after` from now; `None`, never, for a time too long to be represented.
pub(crate) fn deadline(after: Duration) -> Option<Instant> {
    Instant::now().checked_add(after)
}

/// Waits for `future`, but not past the deadline.
pub(crate) async fn until<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T, Failure> {
    match deadline {
        Some(at) => tokio::time::timeout_at(at, future).await.map_err(|_| Failure::TimedOut),
        None => Ok(future.await),
    }
}

/// Runs a whole call within `total`.
pub(crate) async fn within<T, E: From<Failure>>(
    total: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(total, call).await.unwrap_or_else(|_| Err(Failure::TimedOut.into()))
}
