//! The gateway alone: the product's endpoints, its proof of who calls and its vendors, for requests instead of events, without limits and
//! without money.

use std::future::pending;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::{io, thread};

use async_trait::async_trait;
use axum::serve::Listener;
use domain::aggregator::{CallBilling, Caller, Hold, HoldOutcome, UsageRecord};
use domain::idempotency::Request;
use domain::kernel::{Amount, Clock, IdSource, Result};
use edge::{Aggregator, Platform, with_envelope};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::Outcome;

/// Calls that cost nobody anything.
struct Free {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

#[async_trait]
impl CallBilling for Free {
    async fn hold(&self, caller: Caller, most: Amount, _: &str, request: Option<Request>) -> Result<HoldOutcome> {
        let begun = self.clock.now();
        Ok(HoldOutcome::New(Hold { caller, operation: self.ids.uuid(begun), held: most, begun, request }))
    }

    async fn settle(&self, _: &Hold, _: Amount, _: UsageRecord, _: Option<String>) -> Result<()> {
        Ok(())
    }

    async fn release(&self, _: &Hold) -> Result<()> {
        Ok(())
    }
}

/// Serves chats with one thread for each processor, each with connections, an instance of the function and connections to the vendor of its own: a
/// call begins and ends in one thread. The variables are those of the function.
pub(crate) fn serve(address: SocketAddr) -> Outcome {
    let platform = Platform::from_env()?;
    edge::init_logging(&platform.vars);
    let listener = net::TcpListener::bind(address)?;
    let threads = thread::available_parallelism()?.get();
    let mut workers = Vec::with_capacity(threads);
    for _ in 0..threads {
        let (sender, connections) = mpsc::unbounded_channel();
        let platform = platform.clone();
        // A thread that ends takes no more connections, which is what it says.
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(work(&platform, address, connections)))
        });
        workers.push(sender);
    }
    for worker in workers.iter().cycle() {
        worker.send(listener.accept()?.0)?;
    }
    Ok(())
}

/// Serves the connections that come in.
async fn work(platform: &Platform, address: SocketAddr, connections: UnboundedReceiver<net::TcpStream>) -> Outcome {
    let (_, authenticator) = platform.authenticator(&platform.table()?)?;
    let free = Free { clock: Arc::clone(&platform.clock), ids: Arc::clone(&platform.ids) };
    let router = aggregator_chat::router(platform, authenticator, Arc::new(free))?;
    Ok(axum::serve(Share { address, connections }, with_envelope::<Aggregator>(platform, router)?).await?)
}

/// A thread's share of the connections.
struct Share {
    address: SocketAddr,
    connections: UnboundedReceiver<net::TcpStream>,
}

impl Listener for Share {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let Some(stream) = self.connections.recv().await else { pending().await };
            let opened = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            if let Ok(stream) = opened.and_then(|()| TcpStream::from_std(stream)) {
                return (stream, self.address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
