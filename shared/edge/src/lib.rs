//! The boundary of every function: triggers, configuration, envelopes, errors, authentication, rate limits, logging,
//! metrics.

pub mod aggregator;
mod client_ip;
pub mod easy_writer;
mod envelope;
mod exact;
mod extract;
mod function;
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

pub use crate::http::with_envelope;
pub use aggregator::{Aggregator, Company, openai_error};
pub use cookie;
pub use easy_writer::EasyWriter;
pub use envelope::{Envelope, Meta};
pub use exact::Exact;
pub use extract::{
    Body, Caller, ClientAddress, Cookies, IdempotencyKey, LongBody, PathPair, PathParameter, RawCall, RequestScope,
};
pub use function::{Answer as InvokeAnswer, Function, Pieces, Streamed, run};
pub use lambda_runtime::{Error as RunError, MetadataPrelude};
pub use logging::init as init_logging;
pub use platform::{Platform, aws_settings};
pub use problem::{EdgeError, Failure, Problem};
pub use query::{NumberedPage, Query};
pub use registration::{Registration, Start};
pub use reply::{Answer, NoContent, RawResponse, Redirect, Reply};
pub use socket::{Handshake, SocketHandler};
pub use throttle::{Callers, RateLimit, Throttle};
pub use vars::{ConfigError, Vars, malformed};
