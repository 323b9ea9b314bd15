//! Easy Writer at the edge: envelope, WebSocket frames, OpenAPI.

mod envelope;
pub mod frames;
pub mod openapi;

pub use envelope::EasyWriter;
