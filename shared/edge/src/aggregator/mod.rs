//! AI Aggregator at the edge: authentication, envelope, OpenAPI, set-up.

mod company;
mod envelope;
pub mod openapi;
mod setup;

pub use company::Company;
pub use envelope::{Aggregator, openai_error};
