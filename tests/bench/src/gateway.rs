//! The gateway alone: the product's endpoints, its proof of who calls and its vendors, for requests instead of events, without limits and
//! without money.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::serve::ListenerExt as _;
use domain::aggregator::{Caller, Cashier, Details, Held, Hold};
use domain::idempotency::Request;
use domain::kernel::{Amount, Clock, IdSource, Result};
use edge::{Aggregator, Platform, in_dialect};
use tokio::net::TcpListener;

use crate::Outcome;

/// Calls that cost nobody anything.
struct Free {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

#[async_trait]
impl Cashier for Free {
    async fn hold(&self, caller: Caller, most: Amount, _: &str, request: Option<Request>) -> Result<Held> {
        let begun = self.clock.now();
        Ok(Held::New(Hold { caller, operation: self.ids.uuid(begun), held: most, begun, request }))
    }

    async fn settle(&self, _: &Hold, _: Amount, _: Details, _: Option<String>) -> Result<()> {
        Ok(())
    }

    async fn release(&self, _: &Hold) -> Result<()> {
        Ok(())
    }
}

/// Serves chats. The variables are those of the function.
pub(crate) async fn serve(address: SocketAddr) -> Outcome {
    let platform = Platform::from_env()?;
    edge::init_logging(&platform.vars);
    let (_, access) = platform.access(&platform.table()?)?;
    let free = Free { clock: Arc::clone(&platform.clock), ids: Arc::clone(&platform.ids) };
    let router = aggregator_chat::router(&platform, access, Arc::new(free))?;
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // A connection without it is slower, and no less a connection.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, in_dialect::<Aggregator>(&platform, router)?).await?)
}
