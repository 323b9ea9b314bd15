//! From a function's answer to an HTTP response: payload format 2.0.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

/// An answer with a status.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The response for an answer; `None` if the gateway would call the answer malformed.
///
/// An answer without a status is itself the body of a 200: "API Gateway infers the response format for you".
pub(crate) fn read(answer: &str) -> Option<Response<Bytes>> {
    let value: Value = serde_json::from_str(answer).ok()?;
    if value.get("statusCode").is_none() {
        let body = value.as_str().map_or_else(|| answer.to_owned(), str::to_owned);
        return Response::builder().header(CONTENT_TYPE, "application/json").body(body.into()).ok();
    }
    let answer: Answer = serde_json::from_value(value).ok()?;
    let body = answer.body.unwrap_or_default();
    let body =
        if answer.is_base64_encoded == Some(true) { BASE64.decode(body).ok()?.into() } else { Bytes::from(body) };
    let mut response = Response::new(body);
    // Interim answers do not exist here.
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok().filter(|status| status.as_u16() >= 200)?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        append(headers, &name, value)?;
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain;charset=UTF-8"));
    Some(response)
}

/// Adds a header as a function spells it; `None` if it is malformed.
pub(super) fn append(headers: &mut HeaderMap, name: &str, value: Value) -> Option<()> {
    let value = match value {
        Value::String(text) => text,
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    let name: HeaderName = name.parse().ok()?;
    // The gateway counts for itself.
    if name != CONTENT_LENGTH {
        headers.append(name, HeaderValue::from_str(&value).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_answer_is_translated() {
        let answer = r#"{"statusCode":201,"headers":{"X-A":"1","content-type":"image/png","content-length":99},
            "cookies":["a=1; HttpOnly","b=2"],"body":"AAEC","isBase64Encoded":true}"#;
        let response = read(answer).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().collect::<Vec<_>>(), ["a=1; HttpOnly", "b=2"]);
        assert_eq!(response.headers()["x-a"], "1");
        assert_eq!(response.headers()["content-type"], "image/png");
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(response.body().as_ref(), [0, 1, 2]);
    }

    #[test]
    fn an_answer_without_a_status_is_a_body() {
        for (answer, body) in [(r#"{"a":1}"#, r#"{"a":1}"#), (r#""text""#, "text")] {
            let response = read(answer).unwrap();
            assert_eq!((response.status(), response.body().as_ref()), (StatusCode::OK, body.as_bytes()));
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        }
    }

    #[test]
    fn malformed_answers_are_refused() {
        for bad in [
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":42}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
