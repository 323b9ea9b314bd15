//! Easy Writer at the edge: how answers and WebSocket frames are spelled.

mod envelope;
pub mod frames;

pub use envelope::EasyWriter;
