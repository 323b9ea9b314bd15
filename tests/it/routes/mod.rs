//! Endpoints, by product and path.

mod easy_writer;
