//! The local stack: every product in one process, invoked the way AWS invokes it.
//!
//! [`Stack::start`] reads `template.yaml` and what it nests, starts embedded DynamoDB, S3 and SQS engines on loopback, creates what the
//! templates declare, and invokes the function libraries in process with the event JSON that API Gateway, SQS and EventBridge send. Products
//! have no local mode: the functions are those of the Lambda binaries, and only addresses and credentials in their variables differ.
//!
//! - [`template`], [`schedule`], [`secrets`], [`settings`]: what the templates say, and with which parameters.
//! - `engines`, [`sqs`]: the services.
//! - `gateway`, `front_door`, `uploads`: from requests and WebSockets to events and back.
//! - `event_source`, `pollers`: from queues and schedules to functions.
//! - [`registry`], [`openapi`]: the products, their functions and their endpoints.
//! - `function`: invocations; `elsewhere`, `variables`: functions that run in other processes.
//! - `console`: the start page and the API references.
//! - `assembly`, `stack`, [`options`](StackOptions), `cli`: all of it together; `check_ledger`, `set_credit`: operators' commands beside it.
//!
//! Not like AWS: nobody is authorised or throttled, there is one region, clients reach functions without TLS, and the work for an answer that is
//! streamed ends when the client leaves, where Lambda lets it run on.

mod assembly;
mod check_ledger;
pub mod cli;
mod console;
mod data;
mod elsewhere;
mod engines;
mod event_source;
mod front_door;
mod function;
mod gateway;
pub mod openapi;
mod options;
mod percent;
mod pollers;
mod ports;
pub mod registry;
pub mod schedule;
pub mod secrets;
mod serve;
mod set_credit;
pub mod settings;
pub mod sqs;
mod stack;
#[cfg(test)]
mod stack_tests;
mod tasks;
pub mod template;
mod uploads;
mod variables;

pub use self::engines::dynamodb::Error as TablesError;
pub use self::engines::s3::Error as BucketsError;
pub use self::function::InvokeError;
pub use self::gateway::socket_api::SocketLimits;
pub use self::options::{Data, HttpClients, StackOptions, StartError};
pub use self::ports::{Error as PortError, Ports};
pub use self::stack::{CallError, DeliverError, Stack, Unknown};
