//! What holds for all vendors alike.

use std::time::Duration;

use domain::gateway::{ProviderError, SharedVendor, Usage};
use serde_json::json;
use vendors::Timeouts;

use super::anthropic::TOOLS;
use super::{Heard, anthropic, call, complete, gigachat, hear, listen, openai, request, serving, yandexgpt};
use crate::fixtures::{SHORT, TEXT, TOKEN_PATH, patient, token_answer};
use crate::server::{Answer, Server};

/// A vendor, and a stream of it that says [`TEXT`].
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&str, Timeouts) -> SharedVendor,
    pub(crate) stream: &'static str,
    /// The bytes of `stream` after which the answer is known to be finished.
    finished_by: &'static str,
    /// A line of the stream, with `…` where a text goes.
    line: &'static str,
    usage: Usage,
}

const USAGE: Usage = Usage { prompt: 20, completion: 42, cached: 0, reasoning: 0 };

/// All four.
pub(crate) const CASES: [Case; 4] = [
    Case {
        name: "openai",
        make: openai,
        stream: crate::streams::openai::STREAM,
        finished_by: crate::streams::openai::FINISHED_BY,
        line: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"…\"},\"finish_reason\":null}]}\n\n",
        usage: USAGE,
    },
    Case {
        name: "anthropic",
        make: anthropic,
        stream: crate::streams::anthropic::STREAM,
        finished_by: crate::streams::anthropic::FINISHED_BY,
        line: "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"…\"}}\n\n",
        usage: Usage { cached: 3, ..USAGE },
    },
    Case {
        name: "gigachat",
        make: gigachat,
        stream: crate::streams::gigachat::STREAM,
        finished_by: crate::streams::gigachat::FINISHED_BY,
        line: "data: {\"choices\":[{\"delta\":{\"content\":\"…\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
        usage: Usage { prompt: 22, cached: 2, ..USAGE },
    },
    Case {
        name: "yandexgpt",
        make: yandexgpt,
        stream: crate::streams::yandexgpt::STREAM,
        finished_by: crate::streams::yandexgpt::FINISHED_BY,
        line: "{\"result\":{\"alternatives\":[{\"message\":{\"text\":\"…\"},\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}]}}\n",
        usage: USAGE,
    },
];

impl Case {
    /// Serves `script` to this vendor's questions; GigaChat gets its token besides.
    pub(crate) async fn serve(&self, script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Server {
        Server::start(move |request, earlier| if request.path == TOKEN_PATH { token_answer() } else { script(earlier) })
            .await
    }

    pub(super) fn asking(&self, server: &Server) -> SharedVendor {
        (self.make)(&server.url(), patient())
    }

    fn finished_at(&self) -> usize {
        self.stream.find(self.finished_by).unwrap() + self.finished_by.len()
    }
}

/// Everything that was heard, to be compared.
fn digest(heard: &Heard) -> String {
    assert_eq!(heard.end, Ok(()));
    format!("{:#?}", heard.chunks)
}

#[tokio::test]
async fn a_stream_split_anywhere_reads_the_same() {
    for case in CASES {
        let server = case.serve(move |earlier| Answer::ok(case.stream).split_at(earlier)).await;
        let vendor = case.asking(&server);
        let mut first = None;
        for place in 0..=case.stream.len() {
            let heard = hear(&*vendor).await;
            assert_eq!(heard.text(), TEXT, "{} split at {place}", case.name);
            assert_eq!((heard.usage(), heard.finished()), (Some(case.usage), 1), "{}", case.name);
            let digest = digest(&heard);
            assert_eq!(first.get_or_insert_with(|| digest.clone()), &digest, "{} split at {place}", case.name);
        }
        let server = case.serve(move |_| Answer::ok(case.stream).byte_by_byte()).await;
        assert_eq!(first.unwrap(), digest(&hear(&*case.asking(&server)).await), "{}", case.name);
    }
}

#[tokio::test]
async fn calls_of_tools_split_anywhere_read_the_same() {
    let server = Server::start(|_, earlier| Answer::ok(TOOLS).split_at(earlier)).await;
    let vendor = anthropic(&server.url(), patient());
    let first = digest(&hear(&*vendor).await);
    for place in 1..=TOOLS.len() {
        assert_eq!(digest(&hear(&*vendor).await), first, "split at {place}");
    }
}

#[tokio::test]
async fn a_stream_cut_anywhere_is_whole_or_broken() {
    for case in CASES {
        let bytes = case.stream.as_bytes();
        let server = case.serve(move |earlier| {
            let cut = Answer::ok(&bytes[..earlier / 2]);
            // Closed in the middle of the body, and a body that ends in an orderly way before the answer does.
            if earlier % 2 == 0 { cut.then_cut() } else { cut }
        });
        let server = server.await;
        let vendor = case.asking(&server);
        let finished = case.finished_at();
        for place in 0..bytes.len() {
            for way in ["closed", "ended"] {
                let heard = hear(&*vendor).await;
                let text = heard.text();
                assert!(TEXT.starts_with(&text), "{} {way} at {place}: {text}", case.name);
                match heard.end {
                    Ok(()) => assert!(place >= finished && text == TEXT, "{} {way} at {place}", case.name),
                    Err(ProviderError::Broken(_)) => assert!(place <= finished + 4, "{} {way} at {place}", case.name),
                    Err(error) => panic!("{} {way} at {place}: {error:?}", case.name),
                }
            }
        }
    }
}

#[tokio::test]
async fn silence_runs_into_the_timeouts() {
    let until_first_byte = Timeouts { first_byte: SHORT, ..patient() };
    let between_bytes = Timeouts { silence: SHORT, ..patient() };
    let in_all = Timeouts { total: SHORT, ..patient() };
    for case in CASES {
        let begun = &case.stream[..case.stream.find("мир").unwrap()];
        for (timeouts, answer) in [(until_first_byte, Answer::silence()), (in_all, Answer::silence())] {
            let server = serving(answer).await;
            let vendor = (case.make)(&server.url(), timeouts);
            assert_eq!(complete(&*vendor).await.unwrap_err(), ProviderError::TimedOut, "{}", case.name);
            let request = request(&json!({}));
            let Err(error) = vendor.stream(call(&request)).await else { panic!("{}", case.name) };
            assert_eq!(error, ProviderError::TimedOut, "{}", case.name);
        }
        for (timeouts, answer) in [
            (until_first_byte, Answer::ok("").then_hang()),
            (between_bytes, Answer::ok(begun).then_hang()),
            (in_all, Answer::ok(begun).then_hang()),
        ] {
            let server = serving(answer).await;
            let vendor = (case.make)(&server.url(), timeouts);
            let request = request(&json!({}));
            // On a slow machine the time may be over before the head has come.
            let error = match vendor.stream(call(&request)).await {
                Ok(stream) => listen(stream).await.end,
                Err(error) => Err(error),
            };
            assert_eq!(error, Err(ProviderError::TimedOut), "{} {timeouts:?}", case.name);
        }
    }
}

#[tokio::test]
async fn a_wait_that_is_begun_anew_is_still_the_same_wait() {
    let silence = Duration::from_millis(300);
    for case in CASES {
        let begun = &case.stream[..case.stream.find("мир").unwrap()];
        let server = serving(Answer::ok(begun).then_hang()).await;
        let vendor = (case.make)(&server.url(), Timeouts { silence, ..patient() });
        let request = request(&json!({}));
        let mut stream = vendor.stream(call(&request)).await.unwrap();
        // Whoever sends signs of life in between drops the wait and begins another.
        let error = loop {
            match tokio::time::timeout(Duration::from_millis(20), stream.next()).await {
                Ok(Err(error)) => break error,
                Ok(Ok(Some(_))) | Err(_) => {}
                Ok(Ok(None)) => panic!("{}: an end", case.name),
            }
        };
        assert_eq!(error, ProviderError::TimedOut, "{}", case.name);
    }
}

#[tokio::test]
async fn silence_after_the_finish_costs_nothing_but_time() {
    for case in CASES {
        let end = case.finished_at();
        let rest = case.stream[end..].find('\n').unwrap();
        let server = serving(Answer::ok(format!("{}\n\n", &case.stream[..end + rest])).then_hang()).await;
        let heard = hear(&*(case.make)(&server.url(), Timeouts { silence: SHORT, ..patient() })).await;
        assert_eq!((heard.text().as_str(), heard.end), (TEXT, Ok(())), "{}", case.name);
    }
}

#[tokio::test]
async fn streams_that_are_no_such_stream_are_broken() {
    for case in CASES {
        let line = |text: &str| case.line.replace('…', text).into_bytes();
        let mut not_text = line("я");
        let place = not_text.iter().position(|&byte| byte == 0xd1).unwrap();
        not_text[place] = b'\xff';
        for (what, body) in [
            ("malformed", b"data: {\"choices\":[\n\n{\"result\":\n".to_vec()),
            ("not an object", b"data: 7\n\n7\n".to_vec()),
            ("an oversized line", line(&"x".repeat(1024 * 1024))),
            ("not UTF-8", not_text),
            ("a web page", b"<html>hello</html>".to_vec()),
            ("nothing", Vec::new()),
            ("nothing but the end", b"data: [DONE]\n\n".to_vec()),
        ] {
            let server = case.serve(move |_| Answer::ok(&body)).await;
            let heard = hear(&*case.asking(&server)).await;
            assert!(matches!(heard.end, Err(ProviderError::Broken(_))), "{} {what}: {heard:?}", case.name);
            assert_eq!(heard.text(), "", "{} {what}", case.name);
        }
        let server = case.serve(|_| Answer::ok("<html>hello</html>")).await;
        let error = complete(&*case.asking(&server)).await.unwrap_err();
        assert!(matches!(error, ProviderError::Broken(_)), "{}: {error:?}", case.name);
    }
}

#[tokio::test]
async fn usage_that_is_not_told_is_none() {
    for case in CASES {
        let stream = case.stream.replace("\"usage\":{", "\"used\":{");
        let server = case.serve(move |_| Answer::ok(&stream)).await;
        let heard = hear(&*case.asking(&server)).await;
        assert_eq!((heard.text().as_str(), heard.usage(), heard.end), (TEXT, None, Ok(())), "{}", case.name);
    }
}

#[tokio::test]
async fn dropping_a_stream_closes_the_connection() {
    for case in CASES {
        let begun = &case.stream[..case.stream.find("мир").unwrap()];
        let server = serving(Answer::ok(begun).then_hang()).await;
        let vendor = case.asking(&server);
        let request = request(&json!({}));
        let mut stream = vendor.stream(call(&request)).await.unwrap();
        assert!(stream.next().await.unwrap().is_some());
        server.left_waiting().await;
        drop(stream);
        server.hung_up().await;
    }
}
