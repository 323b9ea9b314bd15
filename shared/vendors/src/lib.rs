//! Outside services behind the domain's ports.
//!
//! [`chat`] has the vendors of chat models, [`text`] plain texts from the same, [`image`] image models, [`oauth`]
//! identity providers, [`payments`] payment providers, [`mail`] mail services, [`webhook`] the sender of webhooks. Each
//! vendor is one module that speaks that vendor's own protocol; what they share (HTTP clients, time-outs, event
//! streams, error answers, readers of variables) is private to this crate.
//!
//! Settings are plain data; they can be read from configuration variables. Building a vendor from its settings does no
//! work: its HTTP client, whose TLS set-up costs milliseconds, is built at the first call, so that a cold start pays
//! for no vendor that it does not call.

pub mod chat;
mod gigachat;
mod http;
pub mod image;
pub mod mail;
pub mod oauth;
pub mod payments;
mod provider_error;
mod secret;
pub mod text;
mod variables;
pub mod webhook;

pub use http::Timeouts;
pub use secret::Secret;
pub use variables::MalformedVariable;
