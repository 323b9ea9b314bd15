//! Journeys through a stack that is somewhere else: what people and operators do with it, from beginning to end.
//!
//! Everything goes through addresses: one of the product, one of the sandbox that plays the outside companies, and for what operators do
//! one of AWS. So the same journeys are made against a stack that was deployed (`.ci/deployed`) and against the local one (`tests/it/stack.rs`).
//! Between them they have every function do all that its role permits, because a permission that is missing shows only when it is needed.
//!
//! Nothing here sleeps: journeys wait for frames of a WebSocket, for messages of a queue, or for an answer.

#![expect(clippy::indexing_slicing, reason = "answers are JSON: what is missing is null, and fails the next check")]

mod company;
pub mod journeys;
mod operator;
mod site;
mod socket;
mod user;

use std::error::Error;

pub use self::operator::{Functions, Lambda, Operator, Queues};
pub use self::site::Site;

/// What a step comes to.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Ends a journey unless the condition holds; the rest says what was seen.
macro_rules! ensure {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err(format!("{}, line {}: {}", file!(), line!(), format!($($said)+)).into());
        }
    };
}
pub(crate) use ensure;
