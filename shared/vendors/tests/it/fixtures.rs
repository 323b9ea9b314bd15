//! What the tests share: a clock, ids, a request, and each vendor ready to ask a test server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::generation::text::{SharedTextModel, TextError, TextModel, TextOutput, TextRequest};
use domain::kernel::{Clock, IdSource, Timestamp};
use uuid::Uuid;
use vendors::text::{
    Anthropic, AnthropicSettings, GigaChat, GigaChatScope, GigaChatSettings, OpenAi, OpenAiSettings, YandexGpt,
    YandexGptSettings,
};
use vendors::{Secret, Timeouts};

use crate::server::{Answer, Server};

/// The key of every vendor in these tests.
pub(crate) const KEY: &str = "c2VjcmV0OmtleQ==";
/// GigaChat's access token in these tests.
pub(crate) const TOKEN: &str = "eyJhY2Nlc3M.token";
/// What the streams of these tests say.
pub(crate) const TEXT: &str = "Привет, мир 🙂!";

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-01-21T11:49:35Z".parse().unwrap())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ids that count up.
#[derive(Default)]
pub(crate) struct TestIds(Mutex<u128>);

impl IdSource for TestIds {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        let mut last = self.0.lock().unwrap();
        *last += 1;
        Uuid::from_u128(0x019b_e060_0000_7000_8000_0000_0000_0000 + *last)
    }

    fn secret(&self) -> domain::kernel::Result<[u8; 32]> {
        Ok([7; 32])
    }
}

pub(crate) fn request() -> TextRequest {
    TextRequest {
        system: "Ты редактор.".to_owned(),
        prompt: "Напиши \"привет\".".to_owned(),
        max_output_tokens: 2000,
        temperature: 0.7,
    }
}

/// Time enough for a slow machine.
pub(crate) fn patient() -> Timeouts {
    let long = Duration::from_mins(1);
    Timeouts { connect: long, first_byte: long, silence: long, total: long }
}

/// A time that runs out at once, for servers that never answer.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

/// Asks, and collects the pieces.
pub(crate) async fn ask(model: &dyn TextModel, request: &TextRequest) -> (Result<TextOutput, TextError>, Vec<String>) {
    let mut pieces = Vec::new();
    let answer = model.write(request, &mut |piece: &str| pieces.push(piece.to_owned())).await;
    (answer, pieces)
}

/// Asks the usual question and wants an answer.
pub(crate) async fn text_of(model: &dyn TextModel) -> TextOutput {
    ask(model, &request()).await.0.unwrap()
}

/// Asks the usual question and wants a failure.
pub(crate) async fn failure_of(model: &dyn TextModel) -> TextError {
    ask(model, &request()).await.0.unwrap_err()
}

/// A vendor, and a stream that it would send.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// A whole stream that says [`TEXT`].
    pub(crate) stream: &'static str,
    /// The bytes of `stream` after which the text is known to be finished.
    pub(crate) finished_by: &'static str,
    /// The pieces of `stream`.
    pub(crate) pieces: &'static [&'static str],
    /// A line of the stream, with `…` where a text goes.
    pub(crate) line: &'static str,
    pub(crate) model: fn(&str, Timeouts) -> SharedTextModel,
}

/// Where [`gigachat`] gets its token.
pub(crate) const TOKEN_PATH: &str = "/oauth";

pub(crate) fn openai(url: &str, timeouts: Timeouts) -> OpenAi {
    let settings =
        OpenAiSettings { base_url: format!("{url}/v1"), timeouts, ..OpenAiSettings::new(Secret::new(KEY), "gpt") };
    OpenAi::new(settings, TestClock::new())
}

pub(crate) fn anthropic(url: &str, timeouts: Timeouts) -> Anthropic {
    let settings =
        AnthropicSettings { base_url: url.to_owned(), timeouts, ..AnthropicSettings::new(Secret::new(KEY), "claude") };
    Anthropic::new(settings, TestClock::new())
}

pub(crate) fn gigachat_settings(url: &str, timeouts: Timeouts) -> GigaChatSettings {
    GigaChatSettings {
        base_url: format!("{url}/v1/"),
        auth_url: format!("{url}{TOKEN_PATH}"),
        timeouts,
        ..GigaChatSettings::new(Secret::new(KEY), GigaChatScope::Personal, "GigaChat-2")
    }
}

pub(crate) fn gigachat(url: &str, timeouts: Timeouts) -> GigaChat {
    GigaChat::new(gigachat_settings(url, timeouts), TestClock::new(), Arc::new(TestIds::default()))
}

pub(crate) fn yandexgpt(url: &str, timeouts: Timeouts) -> YandexGpt {
    let settings = YandexGptSettings {
        base_url: url.to_owned(),
        timeouts,
        ..YandexGptSettings::new(Secret::new(KEY), "gpt://b1g/yandexgpt/latest")
    };
    YandexGpt::new(settings, TestClock::new())
}

/// GigaChat's token, valid for 30 minutes of [`TestClock`].
pub(crate) fn token_answer() -> Answer {
    Answer::ok(format!(r#"{{"access_token":"{TOKEN}","expires_at":1768997975000}}"#))
}

impl Vendor {
    /// Serves `script` to this vendor's questions; GigaChat gets its token besides.
    pub(crate) async fn serve(&self, script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Server {
        Server::start(move |request, earlier| if request.path == TOKEN_PATH { token_answer() } else { script(earlier) })
            .await
    }

    /// A vendor that asks `server` and waits long.
    pub(crate) fn asking(&self, server: &Server) -> SharedTextModel {
        (self.model)(&server.url(), patient())
    }
}

/// All four.
pub(crate) const VENDORS: [Vendor; 4] = [
    Vendor {
        name: "openai",
        stream: crate::openai::STREAM,
        finished_by: crate::openai::FINISHED_BY,
        pieces: &["Привет", ", мир 🙂", "!"],
        line: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"…\"},\"finish_reason\":null}]}\n\n",
        model: |url, timeouts| Arc::new(openai(url, timeouts)),
    },
    Vendor {
        name: "anthropic",
        stream: crate::anthropic::STREAM,
        finished_by: crate::anthropic::FINISHED_BY,
        pieces: &["Привет", ", мир 🙂", "!"],
        line: "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"…\"}}\n\n",
        model: |url, timeouts| Arc::new(anthropic(url, timeouts)),
    },
    Vendor {
        name: "gigachat",
        stream: crate::gigachat::STREAM,
        finished_by: crate::gigachat::FINISHED_BY,
        pieces: &["Привет", ", мир 🙂", "!"],
        line: "data: {\"choices\":[{\"delta\":{\"content\":\"…\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
        model: |url, timeouts| Arc::new(gigachat(url, timeouts)),
    },
    Vendor {
        name: "yandexgpt",
        stream: crate::yandexgpt::STREAM,
        finished_by: crate::yandexgpt::FINISHED_BY,
        pieces: &["Привет", ", мир 🙂", "!"],
        line: "{\"result\":{\"alternatives\":[{\"message\":{\"text\":\"…\"},\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}]}}\n",
        model: |url, timeouts| Arc::new(yandexgpt(url, timeouts)),
    },
];
