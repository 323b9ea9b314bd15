//! Black-box tests: requests and events in, answers and side effects out.
//!
//! `routes` is found by URL: the tests of `POST /auth/login` are in `routes/easy_writer/auth/log_in.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]
#![expect(unreachable_pub, reason = "nothing outside can reach any of it, and pub(crate) everywhere would say no more")]

mod aggregator;
mod check_ledger;
mod contract;
mod costs;
mod derived;
mod due;
mod easy_writer;
mod errors;
mod events;
mod faults;
mod image_faults;
mod image_vendors;
mod ledger;
mod metrics;
mod openapi;
mod payments;
mod prices;
mod properties;
mod routes;
mod stack;
mod templates;
mod tidy;
mod webhooks;
mod world;

/// Whether documents that tests keep true are to be written anew instead of compared.
#[expect(clippy::disallowed_methods, reason = "a switch for people, not configuration of the product")]
fn update_docs() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}
