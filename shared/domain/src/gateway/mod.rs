//! One API to many vendors of language models, in the terms of OpenAI's API, which clients, vendors and tools of the
//! field share.
//!
//! A [`ChatRequest`] is parsed once and keeps every field as it was written, so that a vendor of the same protocol gets
//! all of them, known here or not. Adapters that translate use the typed view and refuse what they cannot translate
//! ([`ProviderError::Unsupported`]) rather than drop it.

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
pub(crate) use router::Operation;
pub use router::{Deployment, ModelRouter, OpenedStream, RetryPolicy};
