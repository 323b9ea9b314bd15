//! The port to vendors.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ChatRequest, Chunk, Completion, EmbeddingRequest, Embeddings, ProviderError};

/// A chat request to one vendor.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub request: &'a ChatRequest,
    /// The model, as this vendor names it.
    pub model: &'a str,
    /// Limit of each choice; sent in place of the request's own.
    pub max_tokens: MaxTokens,
}

/// Most tokens of one choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxTokens {
    /// The caller's limit, capped at what the model supports. Without it a vendor that needs no limit gets none: some
    /// count the limit and the conversation together against the context.
    pub requested: Option<u32>,
    /// What the model supports, for vendors that require a limit.
    pub supported: u32,
}

impl MaxTokens {
    /// The limit for a vendor that requires one.
    pub fn required(self) -> u32 {
        self.requested.unwrap_or(self.supported)
    }
}

/// An embedding request to one vendor.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddingCall<'a> {
    pub request: &'a EmbeddingRequest,
    /// The model, as this vendor names it.
    pub model: &'a str,
}

/// A vendor of chat models.
///
/// Implementations own their time-outs (connect, first byte, silence between bytes, whole call) and do not retry:
/// retries and fallback are the router's. Dropping a future or a stream closes the connection to the vendor, which
/// stops the generation there.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// The name in configuration and answers: `openai`.
    fn name(&self) -> &str;

    /// A whole answer.
    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError>;

    /// A streamed answer. Returns when the vendor has accepted the request, so that until then another vendor can be
    /// tried.
    ///
    /// Usage is always requested, whatever the request says.
    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError>;

    /// Embeddings, if the vendor has them.
    fn embedder(&self) -> Option<&dyn Embedder> {
        None
    }
}

/// A streamed answer.
#[async_trait]
pub trait ChatStream: Send {
    /// The next chunk; `None` once the vendor said that the answer is whole. A connection that ends before that is
    /// [`ProviderError::Broken`].
    async fn next(&mut self) -> Result<Option<Chunk>, ProviderError>;
}

/// A vendor of embeddings.
#[async_trait]
pub trait Embedder: Send + Sync {
    async fn embed(&self, call: EmbeddingCall<'_>) -> Result<Embeddings, ProviderError>;
}

pub type SharedVendor = Arc<dyn Vendor>;
