//! One way to many vendors of language models: what is asked and answered, in the terms of OpenAI's API, which clients, vendors and tools of the
//! field share.
//!
//! A [`ChatRequest`] is read once and kept as it was written, so that a vendor who speaks the same protocol gets every field, known here or not;
//! adapters that translate use the typed view, and refuse what they cannot translate ([`ProviderError::Unsupported`]) rather than drop it.

mod breaker;
mod error;
mod fields;
mod port;
mod reply;
mod request;
mod router;

pub use breaker::{Breakers, FAILURES_TO_OPEN, OPEN_FOR};
pub use error::ProviderError;
pub use fields::Fields;
pub use port::{Call, ChatStream, Embedder, EmbeddingCall, MaxTokens, SharedVendor, Vendor};
pub use reply::{Chunk, Completion, Embeddings, Usage};
pub use request::{
    ChatRequest, Content, EmbeddingRequest, Function, FunctionCall, Message, Part, ResponseFormat, Role, Tool,
    ToolCall, ToolChoice,
};
pub use router::{Deployment, ModelRouter, OpenedStream};
