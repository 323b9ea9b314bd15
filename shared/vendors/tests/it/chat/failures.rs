//! Failures of all vendors alike.

use std::time::Duration;

use domain::gateway::ProviderError;
use serde_json::json;
use tokio::net::TcpListener;
use vendors::Timeouts;

use super::every_vendor::CASES;
use super::{call, complete, hear, request};
use crate::fixtures::{KEY, SHORT, TEXT, TOKEN, TOKEN_PATH, patient, token_answer};
use crate::server::{Answer, Server};

/// An address that nobody listens at.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_refused_connection_is_broken() {
    let url = nobody().await;
    for case in CASES {
        let error = complete(&*(case.make)(&url, patient())).await.unwrap_err();
        assert!(matches!(error, ProviderError::Broken(_)), "{}: {error:?}", case.name);
        assert!(!error.to_string().contains(&url), "{error}");
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_runs_into_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    for case in CASES {
        let error = complete(&*(case.make)(&url, Timeouts { connect: SHORT, ..patient() })).await.unwrap_err();
        assert_eq!(error, ProviderError::TimedOut, "{}", case.name);
    }
}

#[tokio::test]
async fn endless_timeouts_are_no_timeouts() {
    let endless =
        Timeouts { connect: Duration::MAX, first_byte: Duration::MAX, silence: Duration::MAX, total: Duration::MAX };
    for case in CASES {
        let server = case.serve(move |_| Answer::ok(case.stream)).await;
        assert_eq!(hear(&*(case.make)(&server.url(), endless)).await.text(), TEXT, "{}", case.name);
    }
}

#[tokio::test]
async fn statuses_have_one_meaning() {
    for status in [302, 400, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529] {
        let described = format!("{status} <html>no</html>");
        let meaning = match status {
            400 | 413 | 422 => {
                ProviderError::Rejected { message: "<html>no</html>".to_owned(), param: None, code: None }
            }
            402 => ProviderError::OutOfFunds,
            429 => ProviderError::RateLimited { retry_after: None },
            408 | 409 | 500.. => ProviderError::Broken(described),
            _ => ProviderError::Misconfigured(described),
        };
        for case in CASES {
            let answer = Answer::status(status, "<html>no</html>").header("location", "/v2");
            let server = case.serve(move |_| answer.clone()).await;
            assert_eq!(complete(&*case.asking(&server)).await.unwrap_err(), meaning, "{} {status}", case.name);
        }
    }
}

#[tokio::test]
async fn a_wait_that_the_vendor_asks_for_is_told() {
    for case in CASES {
        for (name, value, wait) in [
            ("retry-after", "7", 7_000),
            ("retry-after-ms", "1500", 1_500),
            ("retry-after", "Wed, 21 Jan 2026 11:50:05 GMT", 30_000),
        ] {
            let server = case.serve(move |_| Answer::status(429, "").header(name, value)).await;
            let limited = ProviderError::RateLimited { retry_after: Some(Duration::from_millis(wait)) };
            assert_eq!(complete(&*case.asking(&server)).await.unwrap_err(), limited, "{}", case.name);
        }
    }
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    for case in CASES {
        for status in [400, 401, 500] {
            let body = format!("{{\"error\":{{\"message\":\"{} bad key {KEY} or token {TOKEN}\"}}}}", "х".repeat(200));
            let server = case.serve(move |_| Answer::status(status, &body).header("x-request-id", "req-1")).await;
            let text = format!("{:?}", complete(&*case.asking(&server)).await.unwrap_err());
            let sent = if case.name == "gigachat" { TOKEN } else { KEY };
            assert!(text.contains("bad key") && !text.contains(sent), "{}: {text}", case.name);
            // A rejection goes to the caller, who has no use for the vendor's id of the request.
            assert_eq!(text.contains("req-1"), status != 400, "{}: {text}", case.name);
        }
    }
}

#[tokio::test]
async fn a_long_error_body_is_cut() {
    for case in CASES {
        let server = case.serve(move |_| Answer::status(500, "ы".repeat(100_000)).then_hang()).await;
        let text = complete(&*case.asking(&server)).await.unwrap_err().to_string();
        assert!((300..330).contains(&text.chars().count()), "{}: {}", case.name, text.len());
    }
}

#[tokio::test]
async fn an_error_body_that_does_not_come_leaves_the_status() {
    for case in CASES {
        let server = case.serve(move |_| Answer::status(402, "{\"mess").then_cut()).await;
        assert_eq!(complete(&*case.asking(&server)).await.unwrap_err(), ProviderError::OutOfFunds, "{}", case.name);
    }
}

#[tokio::test]
async fn dropping_a_call_closes_the_connection() {
    for case in CASES {
        let server = Server::start(|request, earlier| match request.path.as_str() {
            TOKEN_PATH => token_answer(),
            _ if earlier == 0 => Answer::silence(),
            _ => Answer::status(500, ""),
        });
        let server = server.await;
        let vendor = case.asking(&server);
        let request = request(&json!({}));
        tokio::select! {
            _ = vendor.stream(call(&request)) => panic!("{}: an answer to silence", case.name),
            () = server.left_waiting() => {}
        }
        server.hung_up().await;
        // The vendor is as good as new: nothing stays locked.
        let error = complete(&*vendor).await.unwrap_err();
        assert!(matches!(error, ProviderError::Broken(_)), "{}: {error:?}", case.name);
    }
}
