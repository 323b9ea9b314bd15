//! The outer skin of every function: triggers, configuration, envelopes, errors, authentication, logging.

mod envelope;
mod extract;
pub mod frames;
mod function;
mod hop;
mod http;
mod logging;
mod metrics;
pub mod openapi;
mod platform;
mod problem;
mod reply;
mod schedule;
mod setup;
mod socket;
mod sqs;
mod throttle;
mod vars;

pub use cookie;
pub use envelope::{EasyWriter, Envelope, Meta};
pub use extract::{
    Body, Caller, ClientAddress, Cookies, IdempotencyKey, PagingOf, PathPair, PathParameter, QueryParameters, RawCall,
    RequestScope,
};
pub use function::{Answer as InvokeAnswer, Function, Start, run};
pub use lambda_runtime::Error as RunError;
pub use platform::{Platform, aws_settings};
pub use problem::{EdgeError, Failure, Problem};
pub use reply::{Answer, Redirect, Reply, Verbatim};
pub use socket::{Handshake, SocketHandler};
pub use throttle::Throttle;
pub use vars::{ConfigError, Vars, malformed};
