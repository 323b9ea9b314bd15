//! A running stack, as `cargo run` and tests use it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use edge::Platform;
use futures_util::StreamExt as _;
use serde_json::value::RawValue;

use crate::assembly;
use crate::data::Store;
use crate::deployment::Deployment;
use crate::engines::dynamodb::{Error as TablesError, Tables};
use crate::event_source::EventSource;
use crate::front_door::FrontDoor;
use crate::function::{Function, InvokeError};
use crate::gateway::stamp::Stamp;
use crate::options::{StackOptions, StartError};
use crate::secrets::Secrets;
use crate::settings::Parameters;
use crate::tasks::Tasks;
use crate::template::model::{Bucket, Queue, Schedule, Table};
use crate::{pollers, sqs};

/// How long requests and messages may take to finish when the stack stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Every product, running. Ends when it is dropped; [`Stack::shutdown`] lets it finish what it is doing.
pub struct Stack {
    pub(crate) fronts: BTreeMap<String, Front>,
    pub(crate) functions: BTreeMap<String, Arc<Function>>,
    pub(crate) sources: Vec<Arc<EventSource>>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) engine: sqs::Engine,
    pub(crate) tables: Vec<Table>,
    pub(crate) table_engine: Tables,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) deployment: Deployment,
    pub(crate) stamp: Stamp,
    pub(crate) console: SocketAddr,
    pub(crate) sandbox: SocketAddr,
    /// What serves clients and delivers messages.
    pub(crate) tasks: Tasks,
    /// What the former need to finish.
    pub(crate) engine_tasks: Tasks,
    /// Last, so that files outlive what uses them.
    pub(crate) _store: Store,
}

/// One product's front door and where it is.
pub(crate) struct Front {
    pub(crate) door: Arc<FrontDoor>,
    pub(crate) address: SocketAddr,
}

/// A name that the templates do not have, or have twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} is called {name}, or several are")]
pub struct Unknown {
    /// What kind of thing.
    kind: &'static str,
    /// The name.
    name: String,
}

/// Why a queue was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// There is no such queue, or no function reads it.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The queue engine failed.
    #[error(transparent)]
    Queue(#[from] sqs::Fault),
}

/// Why an invocation that was asked for by name has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such function, or it has no schedule.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The function did not answer.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
}

impl Stack {
    /// Starts everything that the templates declare.
    pub async fn start(options: StackOptions) -> Result<Self, StartError> {
        assembly::assemble(options).await
    }

    /// The products, by name.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.fronts.keys().map(String::as_str)
    }

    /// Where a product's front door is, such as `http://127.0.0.1:8000`.
    pub fn base_url(&self, product: &str) -> Result<String, Unknown> {
        self.front(product).map(|front| format!("http://{}", front.address))
    }

    /// Where a product's WebSockets are, such as `ws://127.0.0.1:8000`; paths are those of its contract.
    pub fn socket_url(&self, product: &str) -> Result<String, Unknown> {
        self.front(product).map(|front| format!("ws://{}", front.address))
    }

    /// Where the start page is.
    pub fn console_url(&self) -> String {
        format!("http://{}", self.console)
    }

    /// Where the sandbox is.
    pub fn sandbox_url(&self) -> String {
        format!("http://{}", self.sandbox)
    }

    /// Sends a request through a product's front door without a connection: routing, event, function and translation are those of a real
    /// request. Runs in the caller's task, so that task-local measurements see it.
    ///
    /// The request comes from this machine unless its extensions hold another [`IpAddr`]. An answer that is streamed is waited for until its
    /// end; [`Self::stream`] does not.
    pub async fn http(&self, product: &str, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Unknown> {
        let (parts, body) = self.stream(product, request).await?.into_parts();
        let mut pieces = body.into_data_stream();
        let mut whole = Vec::new();
        // Where a stream breaks off, a client has what it has got.
        while let Some(Ok(piece)) = pieces.next().await {
            whole.extend_from_slice(&piece);
        }
        Ok(http::Response::from_parts(parts, whole.into()))
    }

    /// The same, but the body can be taken piece by piece. Dropping it is what a client does that leaves.
    pub async fn stream(&self, product: &str, request: http::Request<Bytes>) -> Result<http::Response<Body>, Unknown> {
        let front = self.front(product)?;
        let source_ip = request.extensions().get().copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(front.door.answer(request, source_ip).await)
    }

    /// Hands an event to a function.
    pub async fn invoke(&self, function: &str, event: &serde_json::Value) -> Result<Box<RawValue>, CallError> {
        Ok(self.function(function)?.invoke(event).await?)
    }

    /// Receives one batch of a queue and hands it to the function that reads it. Returns how many messages that were; those that failed are
    /// still in the queue.
    pub async fn deliver(&self, queue: &str) -> Result<usize, DeliverError> {
        let name = self.queue_name(queue)?;
        let unknown = || Unknown { kind: "queue with a function", name: queue.to_owned() };
        let source = self.sources.iter().find(|source| source.mapping.queue == name).ok_or_else(unknown)?;
        Ok(source.deliver(Duration::ZERO).await?)
    }

    /// Runs a scheduled function once, now.
    pub async fn run_schedule(&self, function: &str) -> Result<(), CallError> {
        let unknown = || Unknown { kind: "scheduled function", name: function.to_owned() };
        let schedule = self.schedules.iter().find(|schedule| schedule.function == function).ok_or_else(unknown)?;
        let event = pollers::schedule_event(&self.stamp, schedule);
        self.function(function)?.invoke(&event).await?;
        Ok(())
    }

    /// The queue engine.
    pub fn sqs(&self) -> &sqs::Engine {
        &self.engine
    }

    /// What a function is given.
    pub fn platform(&self, function: &str) -> Result<Platform, Unknown> {
        self.function(function).map(|function| function.platform())
    }

    /// The names of all functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// Deploys again with these parameters, and otherwise those that it has: functions get new variables and fresh instances. Everything else
    /// stays as it is.
    pub fn update(&mut self, parameters: Parameters) -> Result<(), StartError> {
        self.deployment.update(parameters, &self.functions)
    }

    /// The key that the sandbox takes.
    pub fn sandbox_key(&self) -> &str {
        &self.deployment.sandbox_key
    }

    /// What the templates let generate. A value that is put here reaches functions with the next [`Self::update`].
    pub fn secrets(&self) -> &Secrets {
        &self.deployment.secrets
    }

    /// The name of a product's table.
    pub fn table_name(&self, product: &str) -> Result<&str, Unknown> {
        only("table", product, self.tables.iter().filter(|table| table.product == product))
            .map(|table| table.name.as_str())
    }

    /// The name of a product's bucket.
    pub fn bucket_name(&self, product: &str) -> Result<&str, Unknown> {
        only("bucket", product, self.buckets.iter().filter(|bucket| bucket.product == product))
            .map(|bucket| bucket.name.as_str())
    }

    /// The full name of a queue that is given by its full name or by what its template calls it.
    pub fn queue_name(&self, queue: &str) -> Result<&str, Unknown> {
        let by_name = self.queues.iter().find(|it| it.name == queue);
        let queue =
            by_name.map_or_else(|| only("queue", queue, self.queues.iter().filter(|it| it.logical_id == queue)), Ok)?;
        Ok(&queue.name)
    }

    /// Removes the items that have expired, and returns how many those were.
    pub fn expire_items(&self) -> Result<usize, TablesError> {
        self.table_engine.sweep()
    }

    /// Lets requests and messages that are under way finish, at most ten seconds, then ends. Returns whether all did finish.
    pub async fn shutdown(self) -> bool {
        let finished = self.tasks.drain(DRAIN_TIMEOUT).await;
        self.engine_tasks.drain(Duration::from_secs(1)).await;
        finished
    }

    fn front(&self, product: &str) -> Result<&Front, Unknown> {
        self.fronts.get(product).ok_or_else(|| Unknown { kind: "product", name: product.to_owned() })
    }

    fn function(&self, name: &str) -> Result<&Arc<Function>, Unknown> {
        self.functions.get(name).ok_or_else(|| Unknown { kind: "function", name: name.to_owned() })
    }
}

impl Drop for Stack {
    /// Tasks hold what they serve, so they would keep each other alive.
    fn drop(&mut self) {
        self.tasks.abort();
        self.engine_tasks.abort();
    }
}

fn only<T>(kind: &'static str, name: &str, mut candidates: impl Iterator<Item = T>) -> Result<T, Unknown> {
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Unknown { kind, name: name.to_owned() }),
    }
}
