//! The vendors of chats, in OpenAI's terms on one side and each in its own on the other.

mod anthropic;
pub(crate) mod every_vendor;
mod failures;
mod gigachat;
mod gigachat_token;
mod gigachat_tools;
mod openai;
mod openai_errors;
mod unsupported;
mod vendors_list;
mod yandexgpt;

use std::sync::Arc;

use domain::gateway::{
    Call, ChatRequest, ChatStream, Chunk, Completion, EmbeddingCall, EmbeddingRequest, Embeddings, MaxTokens,
    ProviderError, SharedVendor, Usage, Vendor,
};
use serde_json::{Value, json};
use vendors::chat::{
    Anthropic, AnthropicSettings, GigaChat, OpenAiCompatible, OpenAiCompatibleSettings, YandexGpt, YandexGptSettings,
};
use vendors::{Secret, Timeouts};

use crate::fixtures::{KEY, TOKEN_PATH, TestClock, TestIds, gigachat_settings, patient, token_answer};
use crate::server::{Answer, Server};

/// The model of every call in these tests, as the vendor names it.
const MODEL: &str = "model-1";

/// A request with one question and whatever else is said.
fn request(more: &Value) -> ChatRequest {
    let mut body =
        json!({ "model": "gateway/model", "messages": [{ "role": "user", "content": "Напиши \"привет\"." }] });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    ChatRequest::parse(body.to_string().as_bytes()).unwrap()
}

fn call(request: &ChatRequest) -> Call<'_> {
    Call { request, model: MODEL, max_tokens: MaxTokens { requested: Some(2000), supported: 4096 } }
}

/// Everything that a stream gave, and how it ended.
#[derive(Debug)]
pub(crate) struct Heard {
    chunks: Vec<Chunk>,
    end: Result<(), ProviderError>,
}

impl Heard {
    /// `choices` of each piece that has some, as they were written.
    fn choices(&self) -> Vec<&str> {
        self.chunks.iter().filter_map(|chunk| chunk.choices.as_ref()).map(|choices| choices.get()).collect()
    }

    /// The content of all pieces.
    pub(crate) fn text(&self) -> String {
        let content = |choices: &str| {
            let choices: Value = serde_json::from_str(choices).unwrap();
            choices[0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
        };
        self.choices().into_iter().map(content).collect()
    }

    /// The last figures told.
    fn usage(&self) -> Option<Usage> {
        self.chunks.iter().filter_map(|chunk| chunk.usage).next_back()
    }

    fn written(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.written).sum()
    }

    fn finished(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.finished).sum()
    }
}

async fn listen(mut stream: Box<dyn ChatStream>) -> Heard {
    let mut chunks = Vec::new();
    loop {
        match stream.next().await {
            Ok(Some(chunk)) => chunks.push(chunk),
            Ok(None) => {
                // The end is the end.
                assert!(matches!(stream.next().await, Ok(None)));
                return Heard { chunks, end: Ok(()) };
            }
            Err(error) => {
                // What has failed does not end well when it is asked again.
                assert!(matches!(stream.next().await, Err(ProviderError::Broken(_))));
                return Heard { chunks, end: Err(error) };
            }
        }
    }
}

/// Streams an answer to the usual question.
pub(crate) async fn hear(vendor: &dyn Vendor) -> Heard {
    hear_with(vendor, &json!({})).await
}

/// The same with whatever else is said in the request.
async fn hear_with(vendor: &dyn Vendor, more: &Value) -> Heard {
    listen(vendor.stream(call(&request(more))).await.unwrap()).await
}

/// Asks the usual question in one piece.
pub(crate) async fn complete(vendor: &dyn Vendor) -> Result<Completion, ProviderError> {
    complete_with(vendor, &json!({})).await
}

async fn complete_with(vendor: &dyn Vendor, more: &Value) -> Result<Completion, ProviderError> {
    vendor.complete(call(&request(more))).await
}

async fn embed(vendor: &dyn Vendor, body: &Value) -> Result<Embeddings, ProviderError> {
    let request = EmbeddingRequest::parse(body.to_string().as_bytes()).unwrap();
    vendor.embedder().unwrap().embed(EmbeddingCall { request: &request, model: MODEL }).await
}

fn openai_settings(url: &str, timeouts: Timeouts) -> OpenAiCompatibleSettings {
    OpenAiCompatibleSettings {
        base_url: format!("{url}/v1"),
        timeouts,
        ..OpenAiCompatibleSettings::openai(Secret::new(KEY))
    }
}

pub(crate) fn openai(url: &str, timeouts: Timeouts) -> SharedVendor {
    Arc::new(OpenAiCompatible::new(openai_settings(url, timeouts), TestClock::new()))
}

pub(crate) fn anthropic(url: &str, timeouts: Timeouts) -> SharedVendor {
    let settings = AnthropicSettings { base_url: url.to_owned(), timeouts, ..AnthropicSettings::new(Secret::new(KEY)) };
    Arc::new(Anthropic::new(settings, TestClock::new()))
}

pub(crate) fn gigachat(url: &str, timeouts: Timeouts) -> SharedVendor {
    Arc::new(GigaChat::new(gigachat_settings(url, timeouts), TestClock::new(), Arc::new(TestIds::default())))
}

pub(crate) fn yandexgpt(url: &str, timeouts: Timeouts) -> SharedVendor {
    let settings =
        YandexGptSettings { base_url: url.to_owned(), timeouts, ..YandexGptSettings::new(Secret::new(KEY), "b1g") };
    Arc::new(YandexGpt::new(settings, TestClock::new()))
}

/// A server that gives this answer to everything, but for GigaChat's question for a token.
async fn serving(answer: Answer) -> Server {
    Server::start(move |request, _| if request.path == TOKEN_PATH { token_answer() } else { answer.clone() }).await
}

/// Such a server and the vendor who asks it.
async fn serve(vendor: fn(&str, Timeouts) -> SharedVendor, answer: Answer) -> (Server, SharedVendor) {
    let server = serving(answer).await;
    let vendor = vendor(&server.url(), patient());
    (server, vendor)
}

/// The request for a chat that the server saw last.
fn asked(server: &Server) -> String {
    server.seen().pop().unwrap().body
}
