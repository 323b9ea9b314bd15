//! OpenAI and servers of its protocol: requests and answers pass through unchanged.
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
use super::{embeddings, usage, whole};
use crate::http::{self, Auth, Complaint, Failure, HttpClient, endpoint};
use crate::provider_error::{self, broken};

pub use settings::{LimitField, OpenAiCompatibleSettings};

/// OpenAI, or a server of its protocol.
///
/// Every field is sent as written, except for those that the gateway sets: the model, the token limit (under the name
/// that this server knows) and the streaming options. `choices` and the fields that the gateway does not set come back
/// byte for byte.
///
/// An error in place of an answer with HTTP 200 is an error. `[DONE]` ends a stream; so does the end of the connection
/// once every choice has its `finish_reason`.
pub struct OpenAiCompatible {
    settings: OpenAiCompatibleSettings,
    http: HttpClient,
    chats: Address,
    vectors: Address,
}

/// URL of an endpoint, parsed once: parsing takes a large share of a call's time here.
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
        // Each server has its own name in metrics: there are few.
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

    async fn ask(&self, address: &Address, body: &(impl Serialize + Sync)) -> Result<Vec<u8>, ProviderError> {
        Ok(whole(&self.settings.timeouts, self.open(address, body)).await?)
    }

    fn completion(&self, answer: &[u8]) -> Result<Completion, ProviderError> {
        let malformed = |error| provider_error::malformed("completion", &error);
        let envelope: Envelope<'_> = serde_json::from_slice(answer).map_err(malformed)?;
        if envelope.is_error() {
            let json = serde_json::from_slice(answer).unwrap_or_default();
            let complaint = Complaint::from_json(&json, slice::from_ref(&self.settings.api_key));
            return Err(provider_error::from_body(&json, &complaint));
        }
        let Envelope { choices: Some(choices), usage, rest, .. } = envelope else {
            return Err(broken("the completion has no choices"));
        };
        let tally: Tally = serde_json::from_str(choices.get()).map_err(malformed)?;
        if tally.choices == 0 {
            return Err(broken("the completion has no choices"));
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
