//! HTTP for all vendors: a lazily built client, time-outs, streamed bodies, line and event readers, error answers.

mod body;
mod client;
mod complaint;
mod failure;
mod lines;
mod retry_after;
mod sse;
mod stream;
mod timeouts;

pub(crate) use body::Body;
pub(crate) use client::{Auth, HttpClient, endpoint};
pub(crate) use complaint::Complaint;
pub(crate) use failure::{ErrorAnswer, Failure};
pub(crate) use lines::Limits;
pub(crate) use stream::{EventStream, LineStream};
pub use timeouts::Timeouts;
pub(crate) use timeouts::{deadline, until, within};
