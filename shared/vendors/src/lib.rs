//! The outside world behind the domain's ports.
//!
//! [`text`] has the vendors of text models, [`image`] those of image models, [`oauth`] companies that vouch for their
//! users, [`payments`] those that take money, [`mail`] those that carry letters. Each vendor is one module that speaks
//! that vendor's own protocol; what they share (one HTTP client per vendor, time-outs, readers of event streams, error
//! answers) is private to this crate.
//!
//! Settings are plain data; they can be read from configuration variables. Building a vendor from its
//! settings does no work; its HTTP client, whose TLS set-up costs milliseconds, is made at the first call, so that a
//! cold start pays for no vendor it does not ask.

pub mod chat;
mod http;
pub mod image;
pub mod mail;
pub mod oauth;
pub mod payments;
mod secret;
pub mod text;
mod variables;
pub mod webhook;

pub use http::Timeouts;
pub use secret::Secret;
pub use variables::MalformedVariable;
