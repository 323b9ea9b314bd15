//! From a function's answer to the response of a REST API.
//!
//! Source: "Lambda proxy integrations in API Gateway", section on the output format, and "Set up a Lambda proxy integration with payload response
//! streaming" for answers that are streamed.

use std::collections::BTreeMap;

use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode};
use lambda_runtime::MetadataPrelude;
use serde::Deserialize;
use serde_json::Value;

use super::http_answer::append;
use super::http_event::HOP_BY_HOP;

/// An answer that is there as a whole. Unlike an HTTP API, a REST API wants every answer to look like this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(default)]
    body: Option<String>,
}

/// The response for an answer; `None` if the gateway would call the answer malformed.
///
/// `isBase64Encoded` does nothing: only an API with binary media types decodes bodies.
pub(crate) fn read(answer: &str) -> Option<Response<Body>> {
    let answer: Answer = serde_json::from_str(answer).ok()?;
    let mut response = Response::new(Body::from(answer.body.unwrap_or_default()));
    *response.status_mut() = status(answer.status_code)?;
    let headers = response.headers_mut();
    let several = answer.multi_value_headers.unwrap_or_default();
    for (name, value) in answer.headers.unwrap_or_default() {
        // Where both maps have a name, the one with several values counts.
        if !several.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
            append(headers, &name, value)?;
        }
    }
    for (name, values) in several {
        for value in values {
            append(headers, &name, value)?;
        }
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Some(response)
}

/// The response for an answer that is streamed; `None` if its head is malformed.
pub(crate) fn stream(head: MetadataPrelude, body: Body) -> Option<Response<Body>> {
    let mut response = Response::new(body);
    *response.status_mut() = status(head.status_code.as_u16())?;
    *response.headers_mut() = head.headers;
    let headers = response.headers_mut();
    // The way from here to the client is the gateway's own.
    for own in HOP_BY_HOP.iter().chain([&CONTENT_LENGTH]) {
        headers.remove(own);
    }
    for cookie in head.cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
    Some(response)
}

/// Interim answers do not exist here.
fn status(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok().filter(|status| status.as_u16() >= 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_whole_answer_is_translated() {
        let answer = r#"{"statusCode":201,"headers":{"X-A":1,"x-b":"lost"},"multiValueHeaders":{"X-B":["2","3"]},
            "body":"AAEC","isBase64Encoded":true}"#;
        let response = read(answer).unwrap();
        assert_eq!((response.status(), &response.headers()["x-a"]), (StatusCode::CREATED, &"1".parse().unwrap()));
        assert_eq!(response.headers().get_all("x-b").iter().collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "AAEC");
    }

    #[test]
    fn malformed_answers_are_refused() {
        for bad in ["{}", r#""text""#, r#"{"statusCode":42}"#, r#"{"statusCode":200,"headers":{"a":["b"]}}"#] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_streams_head_becomes_the_responses() {
        let head = MetadataPrelude {
            status_code: StatusCode::ACCEPTED,
            headers: [(CONTENT_LENGTH, "7"), (http::header::TRANSFER_ENCODING, "chunked"), (CONTENT_TYPE, "a/b")]
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .into_iter()
                .collect(),
            cookies: vec!["a=1".to_owned(), "b=2".to_owned()],
        };
        let response = stream(head, Body::empty()).unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()[CONTENT_TYPE], "a/b");
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(response.headers().len(), 3);
        let bare = stream(MetadataPrelude::default(), Body::empty()).unwrap();
        assert_eq!(bare.headers()[CONTENT_TYPE], "application/octet-stream");
    }
}
