//! What a stack can be told before it starts, and why it may not start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::kernel::{Clock, IdSource, RandomIds, SystemClock};

use crate::engines::{dynamodb, s3};
use crate::gateway::socket_api::SocketLimits;
use crate::ports::{self, Ports};
use crate::settings::{self, Parameters};
use crate::template::Template;
use crate::{secrets, sqs, template};

/// Where state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory and in a scratch folder, gone with the stack.
    Ephemeral,
    /// In this folder.
    Folder(PathBuf),
}

/// The HTTP client of a function's AWS clients, from the function's name and the client that it would have.
pub type HttpClients = Box<dyn Fn(&str, SharedHttpClient) -> SharedHttpClient + Send + Sync>;

/// How to start a stack.
pub struct StackOptions {
    /// The folder of `template.yaml` and `docs/`.
    pub root: PathBuf,
    /// What is in `template.yaml`, if it was read before: callers that start many stacks share it.
    pub template: Option<Arc<Template>>,
    /// The only product that is started; all of them without it.
    pub product: Option<String>,
    /// Where state lives.
    pub data: Data,
    /// On which ports people find things.
    pub ports: Ports,
    /// The time, for the gateways, the engines, the sandbox and every function. A store in a file expires items by the machine's clock.
    pub clock: Arc<dyn Clock>,
    /// The ids of the gateways and of every function.
    pub ids: Arc<dyn IdSource>,
    /// Template parameters that differ from what a local run has.
    pub parameters: Parameters,
    /// Whether queues are delivered and schedules run by themselves. Without it, [`Stack::deliver`](crate::Stack::deliver) and
    /// [`Stack::run_schedule`](crate::Stack::run_schedule) do so one step at a time.
    pub pollers: bool,
    /// Whether every function is started with the stack, so that a wrong variable is found at once and the first request is as fast as the next.
    pub preload: bool,
    /// Products whose functions are invoked elsewhere instead of in this process, and where, such as `localhost:9000`. See `cargo lambda watch`.
    pub functions_at: BTreeMap<String, String>,
    /// Wraps the HTTP client of each function's AWS clients; a test injects faults here and holds functions to their permissions.
    pub http_clients: Option<HttpClients>,
    /// The pause between two chunks of a streamed answer of the sandbox.
    pub sandbox_pace: Duration,
    /// What WebSocket connections may do.
    pub socket_limits: SocketLimits,
}

impl StackOptions {
    /// A stack for a person: state in `.quintet/`, the usual ports, everything runs.
    pub fn for_people() -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_path_buf);
        Self {
            data: Data::Folder(root.join(".quintet")),
            root,
            template: None,
            product: None,
            ports: Ports::Fixed { offset: 0 },
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            parameters: Parameters::new(),
            pollers: true,
            preload: true,
            functions_at: BTreeMap::new(),
            http_clients: None,
            sandbox_pace: Duration::from_millis(15),
            socket_limits: SocketLimits::default(),
        }
    }

    /// A stack for a test: nothing outlives it, free ports, functions start when they are needed, nothing happens that the test does not ask for.
    pub fn for_tests() -> Self {
        Self {
            data: Data::Ephemeral,
            ports: Ports::Free,
            pollers: false,
            preload: false,
            sandbox_pace: Duration::ZERO,
            ..Self::for_people()
        }
    }
}

/// Why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be had.
    #[error(transparent)]
    Port(#[from] ports::Error),
    /// A template cannot be used.
    #[error(transparent)]
    Template(#[from] template::Error),
    /// A file of parameters cannot be used.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// The secrets cannot be read or kept.
    #[error(transparent)]
    Secrets(#[from] secrets::Error),
    /// The tables cannot be served.
    #[error(transparent)]
    Tables(#[from] dynamodb::Error),
    /// The buckets cannot be served.
    #[error(transparent)]
    Buckets(#[from] s3::Error),
    /// The queue store cannot be opened.
    #[error("SQS engine: {0}")]
    Queues(#[from] sqs::Error),
    /// A queue has attributes that SQS refuses.
    #[error("queue {queue}: {fault}")]
    Queue {
        /// Which queue.
        queue: String,
        /// What SQS says.
        fault: sqs::Fault,
    },
    /// A template declares a function that no library is known for.
    #[error("the template declares the function {0}, which infra/local/src/registry.rs does not know")]
    UnknownFunction(String),
    /// A function cannot start.
    #[error("function {function}: {cause}")]
    Function {
        /// Which function.
        function: String,
        /// What it lacks.
        cause: edge::ConfigError,
    },
    /// Another stack uses the data folder.
    #[error("another local stack uses {}; stop it, or choose another folder with --data-dir", .0.display())]
    InUse(PathBuf),
    /// The data folder cannot be used.
    #[error("data folder {}: {cause}", path.display())]
    Data {
        /// Which folder.
        path: PathBuf,
        /// What happened.
        cause: std::io::Error,
    },
}
