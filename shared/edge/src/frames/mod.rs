//! What watchers are told over WebSockets: one file per product.

pub mod easy_writer;
