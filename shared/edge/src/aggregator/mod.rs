//! AI Aggregator at the edge: who calls, how answers are spelled, and what its functions build at start.

mod company;
mod envelope;
mod setup;

pub use company::{Company, Counted};
pub use envelope::{Aggregator, openai_error};
