//! What the templates ask for, as far as the local stack serves it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::schedule::Rate;

/// Everything that the templates declare and the local stack serves.
#[derive(Debug, Default)]
pub struct Model {
    /// Lambda functions.
    pub functions: Vec<Function>,
    /// HTTP APIs with their routes, by id.
    pub http_apis: BTreeMap<String, HttpApi>,
    /// REST APIs with their routes, by id.
    pub rest_apis: BTreeMap<String, RestApi>,
    /// WebSocket APIs with their routes.
    pub socket_apis: Vec<SocketApi>,
    /// Queues, dead-letter queues before the queues that name them.
    pub queues: Vec<Queue>,
    /// Which function reads which queue.
    pub mappings: Vec<Mapping>,
    /// Which function runs when.
    pub schedules: Vec<Schedule>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// S3 buckets.
    pub buckets: Vec<Bucket>,
}

/// A Lambda function.
#[derive(Debug)]
pub struct Function {
    /// The product's name and its own, as in `easy-writer-auth`.
    pub name: String,
    /// The product that it belongs to, such as `easy-writer`.
    pub product: String,
    /// Where it says so.
    pub arn: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// In megabytes; functions can read it from their context.
    pub memory: i32,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
}

/// An HTTP API.
#[derive(Debug)]
pub struct HttpApi {
    /// The API's id, which is also the first label of its host name.
    pub id: String,
    /// The product that it belongs to.
    pub product: String,
    /// Its routes, in no particular order.
    pub routes: Vec<HttpRoute>,
}

/// A route of an HTTP API, and most of one of a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRoute {
    /// `ANY`, or a method in upper case. Unused for the default route.
    pub method: String,
    /// A path with `{variables}`, a last one perhaps greedy (`{proxy+}`), or `$default`.
    pub path: String,
    /// The function that answers.
    pub function: String,
    /// How long the gateway waits for it.
    pub timeout: Duration,
}

/// A REST API.
#[derive(Debug)]
pub struct RestApi {
    /// The API's id, which is also the first label of its host name.
    pub id: String,
    /// The product that it belongs to.
    pub product: String,
    /// The one stage that it is deployed to.
    pub stage: String,
    /// How long a stream may be silent.
    pub idle: Duration,
    /// Its routes, in no particular order.
    pub routes: Vec<RestRoute>,
}

/// A route of a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRoute {
    /// What it has in common with those of HTTP APIs; there is no default route. The gateway waits until the last piece of a stream.
    pub route: HttpRoute,
    /// Whether the answer is passed on while it is made.
    pub streams: bool,
}

/// A WebSocket API.
#[derive(Debug)]
pub struct SocketApi {
    /// The API's id, which is also the first label of its host name.
    pub id: String,
    /// The product that it belongs to.
    pub product: String,
    /// The one stage that it is deployed to.
    pub stage: String,
    /// The function of each route key: `$connect`, `$disconnect`, `$default`.
    pub routes: BTreeMap<String, String>,
}

impl SocketApi {
    /// Where the API's stage is on AWS, as templates spell it in variables.
    pub fn endpoint(&self, region: &str) -> String {
        format!("https://{}.execute-api.{region}.{}/{}", self.id, super::names::URL_SUFFIX, self.stage)
    }
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// The queue's name.
    pub name: String,
    /// What its template calls it, such as `GenerationQueue`.
    pub logical_id: String,
    /// The product that it belongs to.
    pub product: String,
    /// Attributes as `CreateQueue` takes them.
    pub attributes: BTreeMap<String, String>,
}

/// An event source mapping from a queue to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The queue's name.
    pub queue: String,
    /// The function that gets the messages.
    pub function: String,
    /// Most messages in one event.
    pub batch_size: usize,
    /// How long to wait for a batch to fill.
    pub window: Duration,
    /// Whether the function's answer says which messages failed.
    pub reports_failures: bool,
    /// Most invocations at the same time.
    pub concurrency: usize,
}

/// A function that runs on a schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The function.
    pub function: String,
    /// The rule's name.
    pub rule: String,
    /// Where the rule says it is.
    pub arn: String,
    /// When.
    pub rate: Rate,
}

/// A DynamoDB table.
#[derive(Debug)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// What its template calls it.
    pub logical_id: String,
    /// The product that it belongs to.
    pub product: String,
    /// `CreateTable`'s parameters.
    pub definition: Value,
    /// The attribute that says when an item expires.
    pub expires_by: Option<String>,
}

/// An S3 bucket.
#[derive(Debug)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// What its template calls it.
    pub logical_id: String,
    /// The product that it belongs to.
    pub product: String,
    /// Origins that may use it from a browser; empty if none may.
    pub browser_origins: Vec<String>,
}
