//! Easy Writer: writing tools paid in raits.

mod accounts;
mod catalogue;
mod execute;
mod run;
mod validation;

pub use accounts::{Accounts, Me};
pub use catalogue::{Catalogue, Cost, MalformedCatalogue, Step, Tab, Tool};
pub use execute::{Execution, Request, Tools};
pub use run::Worker;

/// The name of the product: issuer of its tokens, label in its logs.
pub const PRODUCT: &str = "easy-writer";

/// How many raits one rouble buys.
pub const RAITS_PER_ROUBLE: i64 = 10;
