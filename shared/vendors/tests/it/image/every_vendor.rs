//! What holds for all image vendors alike.

use std::time::Duration;

use domain::gateway::ProviderError;
use tokio::net::TcpListener;
use vendors::Timeouts;

use super::{JPEG_BASE64, SECRET_KEY, VENDORS, asked, serve};
use crate::fixtures::{KEY, SHORT, TOKEN, patient};
use crate::server::Answer;

#[tokio::test]
async fn statuses_have_one_meaning() {
    for status in [302, 400, 402, 403, 408, 409, 413, 415, 422, 429, 500, 503, 529] {
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
        for vendor in VENDORS {
            let answer = Answer::status(status, "<html>no</html>").header("location", "/v2");
            for failure in vendor.failures_by(answer).await {
                assert_eq!(failure, meaning, "{} {status}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn not_found_means_an_unknown_ticket_or_a_wrong_setting() {
    for vendor in VENDORS {
        let failures = vendor.failures_by(Answer::status(404, "{}")).await;
        assert!(matches!(failures[0], ProviderError::Misconfigured(_)), "{}: {failures:?}", vendor.name);
        assert!(
            failures.get(1).is_none_or(|failure| matches!(failure, ProviderError::UnknownTicket)),
            "{}",
            vendor.name
        );
    }
}

#[tokio::test]
async fn a_ticket_that_the_vendor_cannot_have_given_is_not_sent() {
    for vendor in VENDORS {
        let server = serve(Answer::ok("{}")).await;
        let model = (vendor.model)(&server.url(), patient());
        for ticket in ["", "..", "../../files", "a?b=c", "a b", "ы"] {
            let failure = model.collect(ticket).await.unwrap_err();
            assert!(matches!(failure, ProviderError::UnknownTicket), "{} {ticket}: {failure:?}", vendor.name);
        }
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn a_wait_that_the_vendor_asks_for_is_told() {
    for vendor in VENDORS {
        for failure in vendor.failures_by(Answer::status(429, "").header("retry-after", "7")).await {
            let ProviderError::RateLimited { retry_after } = failure else { panic!("{}: {failure:?}", vendor.name) };
            assert_eq!(retry_after, Some(Duration::from_secs(7)), "{}", vendor.name);
        }
    }
}

#[tokio::test]
async fn silence_runs_into_the_timeouts() {
    let begun = Answer::ok("{\"data\":[").then_hang();
    for vendor in VENDORS {
        for (timeouts, hang) in [
            (Timeouts { first_byte: SHORT, ..patient() }, Answer::silence()),
            (Timeouts { silence: SHORT, ..patient() }, begun.clone()),
            (Timeouts { total: SHORT, ..patient() }, Answer::silence()),
            (Timeouts { total: SHORT, ..patient() }, begun.clone()),
        ] {
            for failure in vendor.failures(&serve(hang).await, timeouts).await {
                assert!(matches!(failure, ProviderError::TimedOut), "{} with {timeouts:?}: {failure:?}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_asked_twice() {
    let timeouts = Timeouts { first_byte: SHORT, ..patient() };
    for vendor in VENDORS {
        for answer in [Answer::silence(), Answer::status(503, ""), Answer::ok("{").then_cut()] {
            let server = serve(answer).await;
            let failures = vendor.failures(&server, timeouts).await;
            assert_eq!(asked(&server).len(), failures.len(), "{}", vendor.name);
        }
    }
}

#[tokio::test]
async fn a_refused_connection_is_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for vendor in VENDORS {
        let failure = super::order_failure(&*(vendor.model)(&url, patient())).await;
        assert!(matches!(failure, ProviderError::Broken(_)), "{}: {failure:?}", vendor.name);
        assert!(!failure.to_string().contains(&url), "{failure}");
    }
}

#[tokio::test]
async fn no_key_is_in_any_error() {
    for vendor in VENDORS {
        for status in [400, 401, 500] {
            let body = format!("{{\"error\":{{\"message\":\"bad key {KEY} or {SECRET_KEY} or {TOKEN}\"}}}}");
            for failure in vendor.failures_by(Answer::status(status, &body)).await {
                let text = format!("{failure:?}");
                let sent = match vendor.name {
                    "gigachat" => vec![TOKEN],
                    "kandinsky" => vec![KEY, SECRET_KEY],
                    _ => vec![KEY],
                };
                assert!(text.contains("bad key"), "{}: {text}", vendor.name);
                assert!(!sent.iter().any(|key| text.contains(key)), "{}: {text}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn answers_that_are_no_such_answer_are_broken() {
    for vendor in VENDORS {
        for body in ["", "<html>hello</html>", "7", "[]", "{\"data\":[", "{\"data\":[]}", "{\"choices\":[]}"] {
            for failure in vendor.failures_by(Answer::ok(body)).await {
                assert!(matches!(failure, ProviderError::Broken(_)), "{} {body}: {failure:?}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn a_picture_of_more_than_32_megabytes_is_not_read() {
    let body = [format!("{{\"image\":\"{JPEG_BASE64}").into_bytes(), vec![b'A'; 33 * 1024 * 1024]].concat();
    for vendor in VENDORS {
        let failures = vendor.failures_by(Answer::ok(&body)).await;
        let told = failures.last().unwrap().to_string();
        assert_eq!(told, "failed: the answer is longer than 33554432 bytes", "{}", vendor.name);
    }
}
