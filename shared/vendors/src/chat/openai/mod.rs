//! OpenAI, and servers that speak its protocol: requests go as they were written, answers come as they are.
//!
//! Source: OpenAI API reference, "Create chat completion", "Streaming", "Create embeddings" and "Error codes".

mod body;
mod choices;
mod envelope;
mod settings;
mod stream;

use std::slice;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use domain::gateway::{Call, ChatStream, Completion, Embedder, EmbeddingCall, Embeddings, ProviderError, Vendor};
use domain::kernel::Clock;
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use serde::Serialize;

use self::body::Body;
use self::choices::Tally;
use self::envelope::Envelope;
use self::stream::Chunks;
use super::stream::{Source, Stream, end_of_call, opened};
use super::{MAX_ANSWER, embeddings, failure, usage, within};
use crate::http::{self, Auth, Complaint, Failure, HttpClient, endpoint};

pub use settings::OpenAiCompatibleSettings;

/// OpenAI, or a server that speaks its protocol.
///
/// Every field that the caller wrote is sent unread, but for those that the gateway decides: the model, the limit of tokens (under
/// the one name that this server knows), and whether and how the answer is streamed. `choices` and the fields that are not the
/// gateway's own come back byte for byte.
///
/// An error in place of an answer with HTTP 200 is an error. `[DONE]` ends a stream; so does the end of the connection once every
/// choice has its `finish_reason`.
pub struct OpenAiCompatible {
    settings: OpenAiCompatibleSettings,
    http: HttpClient,
    chats: Address,
    vectors: Address,
}

/// Where an endpoint is, read once: reading an address takes as long as much of what a call does here.
struct Address {
    path: &'static str,
    url: OnceLock<Url>,
}

impl Address {
    const fn of(path: &'static str) -> Self {
        Self { path, url: OnceLock::new() }
    }

    fn url(&self, base_url: &str) -> Result<Url, Failure> {
        if let Some(url) = self.url.get() {
            return Ok(url.clone());
        }
        let url = Url::parse(&endpoint(base_url, self.path));
        let url = url.map_err(|_| Failure::Misconfigured("the address of the API is no URL".to_owned()))?;
        Ok(self.url.get_or_init(|| url).clone())
    }
}

impl OpenAiCompatible {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: OpenAiCompatibleSettings, clock: Arc<dyn Clock>) -> Self {
        // In the metrics of calls each server has its own name: the settings have few.
        let http = HttpClient::new(settings.name.clone(), settings.timeouts, clock);
        Self { settings, http, chats: Address::of("/chat/completions"), vectors: Address::of("/embeddings") }
    }

    async fn open(&self, address: &Address, body: &(impl Serialize + Sync)) -> Result<http::Body, Failure> {
        let OpenAiCompatibleSettings { base_url, api_key, organization, project, .. } = &self.settings;
        let mut post = self.http.post(address.url(base_url)?)?.json(body);
        for (name, value) in [("openai-organization", organization), ("openai-project", project)] {
            if let Some(value) = value {
                post = post.header(name, value);
            }
        }
        self.http.open(post, &Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: api_key }).await
    }

    /// A whole answer's bytes.
    async fn ask(&self, address: &Address, body: &(impl Serialize + Sync)) -> Result<Vec<u8>, ProviderError> {
        within(self.settings.timeouts.total, async {
            let opened = self.open(address, body).await.map_err(failure::meaning)?;
            opened.whole(MAX_ANSWER).await.map_err(failure::meaning)
        })
        .await
    }

    fn completion(&self, answer: &[u8]) -> Result<Completion, ProviderError> {
        let malformed = |error| failure::malformed("completion", &error);
        let envelope: Envelope<'_> = serde_json::from_slice(answer).map_err(malformed)?;
        if envelope.is_error() {
            let json = serde_json::from_slice(answer).unwrap_or_default();
            let complaint = Complaint::from_json(&json, slice::from_ref(&self.settings.api_key));
            return Err(failure::told(&json, &complaint));
        }
        let Envelope { choices: Some(choices), usage, rest, .. } = envelope else {
            return Err(ProviderError::Broken("the completion has no choices".to_owned()));
        };
        let tally: Tally = serde_json::from_str(choices.get()).map_err(malformed)?;
        if tally.choices == 0 {
            return Err(ProviderError::Broken("the completion has no choices".to_owned()));
        }
        Ok(Completion { choices: choices.to_owned(), usage: usage.and_then(usage::read), written: tally.written, rest })
    }
}

#[async_trait]
impl Vendor for OpenAiCompatible {
    fn name(&self) -> &str {
        &self.settings.name
    }

    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError> {
        let body = Body::whole(call, self.settings.limit_field, &self.settings.extra);
        let answer = self.ask(&self.chats, &body).await?;
        self.completion(&answer)
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        let end = end_of_call(&self.settings.timeouts);
        let body = Body::streamed(call, self.settings.limit_field, &self.settings.extra)?;
        let opened = opened(end, self.open(&self.chats, &body)).await?;
        Ok(Box::new(Stream::new(Source::events(opened), Chunks::of(call.request.n), end)))
    }

    fn embedder(&self) -> Option<&dyn Embedder> {
        Some(self)
    }
}

#[async_trait]
impl Embedder for OpenAiCompatible {
    async fn embed(&self, call: EmbeddingCall<'_>) -> Result<Embeddings, ProviderError> {
        let answer = self.ask(&self.vectors, &embeddings::Body(call)).await?;
        embeddings::read(&answer, slice::from_ref(&self.settings.api_key))
    }
}
