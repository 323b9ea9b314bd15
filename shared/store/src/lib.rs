//! Typed access to the AWS services that hold state: DynamoDB tables, S3 buckets, SQS queues, WebSocket connections.
//!
//! This crate knows how to talk to the services and nothing about what is stored. Every call is metered ([`Usage`]), and every failure is one of
//! the few kinds of [`Error`] that a caller can act on.

mod aws;
mod error;
mod expression;
mod meter;
mod objects;
mod query;
mod queue;
mod scan;
mod sockets;
mod table;
mod transaction;
mod write;

pub use aws::{Aws, AwsSettings};
pub use error::{Error, Failed, Result};
pub use expression::{Condition, attr};
pub use meter::{Usage, measured};
pub use objects::{Body, Objects};
pub use query::{Cursor, Index, ItemPage, Query};
pub use queue::Queue;
pub use scan::Scan;
pub use sockets::{Delivery, Sockets};
pub use table::{Key, Table};
pub use transaction::{Cancelled, MAX_WRITES, Transaction, WriteHandle};
pub use write::{Check, Delete, Put, Update, Write};
