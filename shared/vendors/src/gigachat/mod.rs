//! Access to Sber GigaChat, shared by chats and pictures: the key, the access token, the root certificates.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Get access token"; recorded traffic of the vendor's SDK.

mod session;
mod settings;
mod token;

pub(crate) use session::Session;
pub use settings::{GigaChatScope, GigaChatSettings, UnknownScope};
