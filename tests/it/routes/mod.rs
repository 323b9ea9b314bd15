//! Endpoints, by product and path.

mod aggregator;
pub(crate) mod easy_writer;
