//! The outer skin of every function: triggers, configuration, envelopes, errors, authentication, logging.

mod company;
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
mod query;
mod registration;
mod reply;
mod schedule;
mod setup;
mod socket;
mod sqs;
mod streaming;
mod throttle;
mod vars;

pub use crate::http::in_dialect;
pub use company::{Company, Counted};
pub use cookie;
pub use envelope::{Aggregator, EasyWriter, Envelope, Meta, openai_error};
pub use extract::{
    Body, Caller, ClientAddress, Cookies, IdempotencyKey, LongBody, PagingOf, PathPair, PathParameter, QueryParameters,
    RawCall, RequestScope,
};
pub use function::{Answer as InvokeAnswer, Function, Pieces, Streamed, run};
pub use lambda_runtime::{Error as RunError, MetadataPrelude};
pub use logging::init as init_logging;
pub use platform::{Platform, aws_settings};
pub use problem::{EdgeError, Failure, Problem};
pub use query::{Exact, NumberedPage, Query};
pub use registration::{Registration, Start};
pub use reply::{Answer, NoContent, Redirect, Reply, Verbatim};
pub use socket::{Handshake, SocketHandler};
pub use throttle::Throttle;
pub use vars::{ConfigError, Vars, malformed};
