//! What holds for all vendors alike.

use std::time::Duration;

use domain::generation::text::{TextError, Tokens};
use tokio::net::TcpListener;
use vendors::Timeouts;

use crate::fixtures::{
    KEY, SHORT, TEXT, TOKEN, TOKEN_PATH, VENDORS, ask, failure_of, patient, request, text_of, token_answer,
};
use crate::server::{Answer, Server};

/// Where in the stream the text is known to be finished.
fn finished_at(stream: &str, finished_by: &str) -> usize {
    stream.find(finished_by).unwrap() + finished_by.len()
}

fn assert_broken(error: &TextError, vendor: &str) {
    assert!(matches!(error, TextError::Broken(_)), "{vendor}: {error:?}");
}

#[tokio::test]
async fn a_stream_split_anywhere_reads_the_same() {
    for vendor in VENDORS {
        let server = vendor.serve(move |earlier| Answer::ok(vendor.stream).split_at(earlier)).await;
        let model = vendor.asking(&server);
        for place in 0..=vendor.stream.len() {
            let (answer, pieces) = ask(&*model, &request()).await;
            let answer = answer.unwrap();
            assert_eq!(answer.text, TEXT, "{} split at {place}", vendor.name);
            assert_eq!(answer.tokens, Tokens { input: 20, output: 42, estimated: false }, "{}", vendor.name);
            assert!(!answer.truncated);
            assert_eq!(pieces, vendor.pieces, "{} split at {place}", vendor.name);
        }
    }
}

#[tokio::test]
async fn a_stream_of_single_bytes_reads_the_same() {
    for vendor in VENDORS {
        let server = vendor.serve(move |_| Answer::ok(vendor.stream).byte_by_byte()).await;
        let (answer, pieces) = ask(&*vendor.asking(&server), &request()).await;
        assert_eq!(answer.unwrap().text, TEXT, "{}", vendor.name);
        assert_eq!(pieces, vendor.pieces, "{}", vendor.name);
    }
}

#[tokio::test]
async fn a_stream_cut_anywhere_is_whole_or_broken() {
    for vendor in VENDORS {
        let bytes = vendor.stream.as_bytes();
        let server = vendor.serve(move |earlier| {
            let cut = Answer::ok(&bytes[..earlier / 2]);
            // Closed in the middle of the body, and a body that ends in an orderly way before the text does.
            if earlier % 2 == 0 { cut.then_cut() } else { cut }
        });
        let server = server.await;
        let model = vendor.asking(&server);
        let finished = finished_at(vendor.stream, vendor.finished_by);
        for place in 0..bytes.len() {
            for way in ["closed", "ended"] {
                let (answer, pieces) = ask(&*model, &request()).await;
                assert!(TEXT.starts_with(&pieces.concat()), "{} {way} at {place}: {pieces:?}", vendor.name);
                match answer {
                    Ok(answer) => assert!(place >= finished && answer.text == TEXT, "{} {way} at {place}", vendor.name),
                    Err(error) => {
                        assert_broken(&error, vendor.name);
                        assert!(place <= finished + "\r\n\r\n".len(), "{} {way} at {place}: {error:?}", vendor.name);
                    }
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
    for vendor in VENDORS {
        let begun = &vendor.stream.as_bytes()[..finished_at(vendor.stream, "мир")];
        let hangs = [
            (until_first_byte, Answer::silence()),
            (until_first_byte, Answer::ok("").then_hang()),
            (between_bytes, Answer::ok(begun).then_hang()),
            (in_all, Answer::silence()),
            (in_all, Answer::ok(begun).then_hang()),
        ];
        for (timeouts, hang) in hangs {
            let server = vendor.serve(move |_| hang.clone()).await;
            let error = failure_of(&*(vendor.model)(&server.url(), timeouts)).await;
            assert!(matches!(error, TextError::TimedOut), "{} with {timeouts:?}: {error:?}", vendor.name);
        }
    }
}

#[tokio::test]
async fn silence_after_the_finish_costs_nothing_but_time() {
    let between_bytes = Timeouts { silence: SHORT, ..patient() };
    for vendor in VENDORS {
        let end = finished_at(vendor.stream, vendor.finished_by);
        let rest = vendor.stream[end..].find('\n').unwrap();
        let finished = format!("{}\n\n", &vendor.stream[..end + rest]);
        let server = vendor.serve(move |_| Answer::ok(&finished).then_hang()).await;
        assert_eq!(text_of(&*(vendor.model)(&server.url(), between_bytes)).await.text, TEXT, "{}", vendor.name);
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_runs_into_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    for vendor in VENDORS {
        let error = failure_of(&*(vendor.model)(&url, Timeouts { connect: SHORT, ..patient() })).await;
        assert!(matches!(error, TextError::TimedOut), "{}: {error:?}", vendor.name);
    }
}

#[tokio::test]
async fn endless_timeouts_are_no_timeouts() {
    let endless =
        Timeouts { connect: Duration::MAX, first_byte: Duration::MAX, silence: Duration::MAX, total: Duration::MAX };
    for vendor in VENDORS {
        let server = vendor.serve(move |_| Answer::ok(vendor.stream)).await;
        assert_eq!(text_of(&*(vendor.model)(&server.url(), endless)).await.text, TEXT);
    }
}

#[tokio::test]
async fn a_refused_connection_is_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for vendor in VENDORS {
        let error = failure_of(&*(vendor.model)(&url, patient())).await;
        assert_broken(&error, vendor.name);
        assert!(!error.to_string().contains(&url), "{error}");
    }
}

#[tokio::test]
async fn statuses_have_one_meaning() {
    for (status, meaning) in [
        (302, "rejected"),
        (400, "rejected"),
        (402, "funds"),
        (403, "rejected"),
        (404, "rejected"),
        (408, "broken"),
        (409, "broken"),
        (413, "rejected"),
        (422, "rejected"),
        (429, "rate"),
        (500, "broken"),
        (502, "broken"),
        (503, "broken"),
        (504, "broken"),
        (529, "broken"),
    ] {
        for vendor in VENDORS {
            let server =
                vendor.serve(move |_| Answer::status(status, "<html>no</html>").header("location", "/v2")).await;
            let told = match failure_of(&*vendor.asking(&server)).await {
                TextError::Rejected(text) => ("rejected", text),
                TextError::Broken(text) => ("broken", text),
                TextError::OutOfFunds => ("funds", format!("{status} <html>no</html>")),
                TextError::RateLimited { retry_after: None } => ("rate", format!("{status} <html>no</html>")),
                other => panic!("{} {status}: {other:?}", vendor.name),
            };
            assert_eq!(told, (meaning, format!("{status} <html>no</html>")), "{}", vendor.name);
        }
    }
}

#[tokio::test]
async fn a_wait_that_the_vendor_asks_for_is_told() {
    for vendor in VENDORS {
        for (name, value, wait) in [
            ("retry-after", "7", 7_000),
            ("retry-after-ms", "1500", 1_500),
            ("retry-after", "Wed, 21 Jan 2026 11:50:05 GMT", 30_000),
        ] {
            let server = vendor.serve(move |_| Answer::status(429, "").header(name, value)).await;
            let error = failure_of(&*vendor.asking(&server)).await;
            let TextError::RateLimited { retry_after } = error else { panic!("{}: {error:?}", vendor.name) };
            assert_eq!(retry_after, Some(Duration::from_millis(wait)), "{}", vendor.name);
        }
    }
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    for vendor in VENDORS {
        for status in [400, 401, 500] {
            let body = format!("{{\"error\":{{\"message\":\"{} bad key {KEY} or token {TOKEN}\"}}}}", "х".repeat(200));
            let server = vendor.serve(move |_| Answer::status(status, &body).header("x-request-id", "req-1")).await;
            let text = format!("{:?}", failure_of(&*vendor.asking(&server)).await);
            let sent = if vendor.name == "gigachat" { TOKEN } else { KEY };
            assert!(
                text.contains("bad key") && text.contains("req-1") && !text.contains(sent),
                "{}: {text}",
                vendor.name
            );
        }
    }
}

#[tokio::test]
async fn a_long_error_body_is_cut() {
    for vendor in VENDORS {
        let server = vendor.serve(move |_| Answer::status(500, "ы".repeat(100_000)).then_hang()).await;
        let text = failure_of(&*vendor.asking(&server)).await.to_string();
        assert!((300..330).contains(&text.chars().count()), "{}: {}", vendor.name, text.len());
    }
}

#[tokio::test]
async fn an_error_body_that_does_not_come_leaves_the_status() {
    for vendor in VENDORS {
        let server = vendor.serve(move |_| Answer::status(402, "{\"mess").then_cut()).await;
        let error = failure_of(&*vendor.asking(&server)).await;
        assert!(matches!(error, TextError::OutOfFunds), "{}: {error:?}", vendor.name);
    }
}

#[tokio::test]
async fn streams_that_are_no_such_stream_are_broken() {
    for vendor in VENDORS {
        let line = |text: &str| vendor.line.replace('…', text).into_bytes();
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
            let server = vendor.serve(move |_| Answer::ok(&body)).await;
            let (answer, pieces) = ask(&*vendor.asking(&server), &request()).await;
            assert_broken(&answer.expect_err(what), vendor.name);
            assert_eq!(pieces, Vec::<String>::new(), "{} {what}", vendor.name);
        }
    }
}

#[tokio::test]
async fn an_answer_without_text_is_broken() {
    for vendor in VENDORS {
        let mut stream = vendor.stream.to_owned();
        for piece in vendor.pieces {
            stream = stream.replace(piece, "");
        }
        assert_ne!(stream, vendor.stream);
        let server = vendor.serve(move |_| Answer::ok(&stream)).await;
        let (answer, pieces) = ask(&*vendor.asking(&server), &request()).await;
        assert_broken(&answer.unwrap_err(), vendor.name);
        assert_eq!(pieces, Vec::<String>::new(), "{}", vendor.name);
    }
}

#[tokio::test]
async fn missing_usage_is_estimated() {
    for vendor in VENDORS {
        let stream = vendor.stream.replace("\"usage\":{", "\"used\":{");
        let server = vendor.serve(move |_| Answer::ok(&stream)).await;
        let tokens = text_of(&*vendor.asking(&server)).await.tokens;
        assert_eq!(tokens, Tokens::estimate(&request(), TEXT), "{}", vendor.name);
        assert!(tokens.estimated);
    }
}

#[tokio::test]
async fn dropping_the_future_closes_the_connection() {
    for vendor in VENDORS {
        let server = Server::start(|request, earlier| match request.path.as_str() {
            TOKEN_PATH => token_answer(),
            _ if earlier == 0 => Answer::silence(),
            _ => Answer::status(500, ""),
        });
        let server = server.await;
        let model = vendor.asking(&server);
        let request = request();
        tokio::select! {
            _ = ask(&*model, &request) => panic!("{}: an answer to silence", vendor.name),
            () = server.left_waiting() => {}
        }
        server.hung_up().await;
        // The vendor is as good as new: nothing stays locked.
        assert_broken(&failure_of(&*model).await, vendor.name);
    }
}
