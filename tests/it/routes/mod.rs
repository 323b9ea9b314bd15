//! Endpoints, by product and path.

pub(crate) mod easy_writer;
