//! The port to vendors.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ChatRequest, Chunk, Completion, EmbeddingRequest, Embeddings, ProviderError};

/// One chat as one vendor is asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What the caller wrote.
    pub request: &'a ChatRequest,
    /// The model, as this vendor names it.
    pub model: &'a str,
    /// The most tokens that each choice may have; what the vendor is told, whatever the request says.
    pub max_tokens: MaxTokens,
}

/// The most tokens of one choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxTokens {
    /// What the caller asked for, brought down to what the model can. A vendor that need not be told a limit is told none without it: some take the
    /// limit and the conversation together for the context.
    pub requested: Option<u32>,
    /// The most that the model can, for vendors that must be told.
    pub supported: u32,
}

impl MaxTokens {
    /// The limit for a vendor that must be told one.
    pub fn required(self) -> u32 {
        self.requested.unwrap_or(self.supported)
    }
}

/// One request for vectors as one vendor is asked for it.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddingCall<'a> {
    /// What the caller wrote.
    pub request: &'a EmbeddingRequest,
    /// The model, as this vendor names it.
    pub model: &'a str,
}

/// A vendor of chats.
///
/// Implementations own their time-outs (connect, first byte, silence between bytes, whole call) and do not retry: whether and where to try again is the
/// caller's choice. Dropping a future or a stream closes the vendor's connection, which is how vendors learn that nobody listens any more.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// The name, as callers and configuration know it: `openai`.
    fn name(&self) -> &str;

    /// A whole answer.
    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError>;

    /// A streamed answer. Returns once the vendor has accepted the request and not before, so that
    /// another one can still be asked.
    ///
    /// The vendor is always asked to tell the usage at the end, whatever the request says.
    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError>;

    /// The vendor's vectors, if it has them.
    fn embedder(&self) -> Option<&dyn Embedder> {
        None
    }
}

/// An answer as it comes.
#[async_trait]
pub trait ChatStream: Send {
    /// The next piece; `None` once the vendor said that the answer is whole. A connection that ends before is [`ProviderError::Broken`].
    async fn next(&mut self) -> Result<Option<Chunk>, ProviderError>;
}

/// A vendor of vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Vectors for the inputs.
    async fn embed(&self, call: EmbeddingCall<'_>) -> Result<Embeddings, ProviderError>;
}

/// A vendor by reference, as state holds it.
pub type SharedVendor = Arc<dyn Vendor>;
