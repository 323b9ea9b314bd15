//! The event of a request: payload format 2.0.
//!
//! Source: "Create AWS Lambda proxy integrations for HTTP APIs", section on the payload format version, and what the gateway was seen to do
//! where that is silent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, COOKIE, HOST, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::stamp::{Stamp, request_time};
use crate::percent;

/// Headers that concern one connection; they end at the gateway.
pub(super) const HOP_BY_HOP: [HeaderName; 4] =
    [CONNECTION, TRANSFER_ENCODING, UPGRADE, HeaderName::from_static("keep-alive")];

/// What the gateway knows beside the request.
pub(crate) struct Context<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) account: &'a str,
    pub(crate) api_id: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) source_ip: IpAddr,
    pub(crate) route_key: &'a str,
    pub(crate) path_parameters: &'a BTreeMap<String, String>,
}

/// The event for a request.
pub(crate) fn build(request: &Parts, body: &Bytes, context: &Context) -> Value {
    let source_ip = context.source_ip.to_string();
    let now = context.stamp.now();
    let path = decoded_path(request.uri.path());
    let query = request.uri.query().unwrap_or_default();
    let host = host(request);
    let (domain, port) = host.rsplit_once(':').unwrap_or((&host, "80"));
    let mut headers = headers(&request.headers);
    let forwarded =
        headers.get("x-forwarded-for").map_or_else(|| source_ip.clone(), |chain| format!("{chain}, {source_ip}"));
    headers.insert("x-forwarded-for".to_owned(), forwarded);
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers.insert("x-forwarded-port".to_owned(), port.to_owned());
    headers.insert("x-amzn-trace-id".to_owned(), context.stamp.trace_id());
    headers.entry("host".to_owned()).or_insert_with(|| host.clone());
    headers.entry("content-length".to_owned()).or_insert_with(|| body.len().to_string());
    let mut event = json!({
        "version": "2.0",
        "routeKey": context.route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": context.account,
            "apiId": context.api_id,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", request.version),
                "sourceIp": source_ip,
                "userAgent": request.headers.get(USER_AGENT).map(text).unwrap_or_default(),
            },
            "requestId": context.request_id,
            "routeKey": context.route_key,
            "stage": "$default",
            "time": request_time(now),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    // What a request does not have is absent from its event, not empty.
    if let Some(event) = event.as_object_mut() {
        let cookies: Vec<String> =
            request.headers.get_all(COOKIE).iter().flat_map(|header| cookies(&text(header))).collect();
        if !cookies.is_empty() {
            event.insert("cookies".to_owned(), cookies.into());
        }
        if !query.is_empty() {
            event.insert("queryStringParameters".to_owned(), joined(percent::query(query)));
        }
        if !context.path_parameters.is_empty() {
            event.insert("pathParameters".to_owned(), json!(context.path_parameters));
        }
        if !body.is_empty() {
            let plain = is_text(&request.headers).then(|| std::str::from_utf8(body).ok()).flatten();
            event.insert("isBase64Encoded".to_owned(), plain.is_none().into());
            event.insert("body".to_owned(), plain.map_or_else(|| BASE64.encode(body), str::to_owned).into());
        }
    }
    event
}

/// Whom the request is for, with the port if it is not the usual one.
pub(super) fn host(request: &Parts) -> String {
    let host = request.headers.get(HOST).map(text).or_else(|| request.uri.host().map(str::to_owned));
    // Only a request that was made up in this process has none.
    host.unwrap_or_else(|| "localhost".to_owned())
}

/// The path as an HTTP API passes it on: decoded, and cut at a question mark that the decoding brought to light. REST APIs leave the path alone.
fn decoded_path(path: &str) -> String {
    let decoded = percent::decode(path);
    decoded.split_once('?').map_or_else(|| decoded.clone(), |(before, _)| before.to_owned())
}

/// Names in lower case, several values joined by commas, cookies left out because they have a field of their own.
fn headers(given: &HeaderMap) -> BTreeMap<String, String> {
    let names = given.keys().filter(|name| **name != COOKIE && !HOP_BY_HOP.contains(name));
    names
        .map(|name| (name.as_str().to_owned(), given.get_all(name).iter().map(text).collect::<Vec<_>>().join(",")))
        .collect()
}

fn cookies(header: &str) -> Vec<String> {
    header.split(';').map(str::trim).filter(|cookie| !cookie.is_empty()).map(str::to_owned).collect()
}

/// Several values of one name are joined by commas.
fn joined(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    json!(values)
}

/// Whether the gateway passes the body on as text.
///
/// AWS does not document the list. Measured: `text/*` and these three; everything else is base64, forms and a missing type included.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(text).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
}

pub(super) fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::Request;

    use super::*;
    use crate::gateway::stamp::tests::stamp;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let path_parameters = BTreeMap::from([("proxy".to_owned(), "log in".to_owned())]);
        let mut event = build(
            &parts,
            &Bytes::from_static(body),
            &Context {
                stamp: &stamp(),
                account: "123456789012",
                api_id: "api-id",
                request_id: "JKJaXmPLvHcESHA=",
                source_ip: Ipv4Addr::new(192, 0, 2, 1).into(),
                route_key: "ANY /api/v1/auth/{proxy+}",
                path_parameters: &path_parameters,
            },
        );
        let trace = event["headers"].as_object_mut().unwrap().remove("x-amzn-trace-id");
        assert!(trace.unwrap().as_str().unwrap().starts_with("Root=1-"));
        event
    }

    #[test]
    fn a_whole_event() {
        let request = Request::post("/api/v1/auth/log%20in?a=1&a=2&b=x+y")
            .header("Host", "localhost:8000")
            .header("User-Agent", "agent")
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Cookie", "one=1; two=2")
            .header("Accept", "text/html")
            .header("Accept", "*/*")
            .header("Connection", "keep-alive");
        let expected = json!({
            "version": "2.0",
            "routeKey": "ANY /api/v1/auth/{proxy+}",
            "rawPath": "/api/v1/auth/log in",
            "rawQueryString": "a=1&a=2&b=x+y",
            "cookies": ["one=1", "two=2"],
            "headers": {
                "accept": "text/html,*/*",
                "content-length": "2",
                "content-type": "application/json; charset=utf-8",
                "host": "localhost:8000",
                "user-agent": "agent",
                "x-forwarded-for": "192.0.2.1",
                "x-forwarded-port": "8000",
                "x-forwarded-proto": "http",
            },
            "queryStringParameters": { "a": "1,2", "b": "x y" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api-id",
                "domainName": "localhost",
                "domainPrefix": "localhost",
                "http": {
                    "method": "POST",
                    "path": "/api/v1/auth/log in",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "agent",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "ANY /api/v1/auth/{proxy+}",
                "stage": "$default",
                "time": "10/Mar/2020:05:16:23 +0000",
                "timeEpoch": 1_583_817_383_220_i64,
            },
            "pathParameters": { "proxy": "log in" },
            "body": "{}",
            "isBase64Encoded": false,
        });
        assert_eq!(event(request, b"{}"), expected);
    }

    #[test]
    fn what_a_request_lacks_is_absent() {
        let event = event(Request::get("/x"), b"");
        for absent in ["cookies", "queryStringParameters", "body"] {
            assert!(event.get(absent).is_none(), "{absent}");
        }
        assert_eq!((event["rawQueryString"].as_str(), event["isBase64Encoded"].as_bool()), (Some(""), Some(false)));
    }

    #[test]
    fn bodies_that_are_not_known_to_be_text_are_base64() {
        let encoded = |kind: Option<&str>, body| {
            let request = Request::post("/x");
            event(kind.into_iter().fold(request, |request, kind| request.header("Content-Type", kind)), body)["isBase64Encoded"]
                == true
        };
        assert!(!encoded(Some("text/plain"), b"x"));
        assert!(!encoded(Some("Application/JSON"), b"x"));
        assert!(encoded(Some("application/x-www-form-urlencoded"), b"x=1"));
        assert!(encoded(Some("application/problem+json"), b"{}"));
        assert!(encoded(None, b"x"));
        assert!(encoded(Some("text/plain"), b"\xff"), "text that is not UTF-8 cannot be a JSON string");
    }

    #[test]
    fn the_path_is_decoded_and_cut_as_the_gateway_does() {
        assert_eq!(event(Request::get("/a%2Fb%3Fc=d?e=f"), b"")["rawPath"], "/a/b");
    }

    #[test]
    fn a_forwarded_chain_gets_longer() {
        let event = event(Request::get("/x").header("X-Forwarded-For", "203.0.113.9"), b"");
        assert_eq!(event["headers"]["x-forwarded-for"], "203.0.113.9, 192.0.2.1");
    }

    #[test]
    fn the_runtime_reads_the_event() {
        let request = Request::post("/api/v1/auth/login")
            .header("Host", "localhost:8000")
            .header("Content-Type", "application/json");
        let event = event(request, b"{\"a\":1}");
        let parsed: edge_request::LambdaRequest = serde_json::from_value(event).unwrap();
        let request: Request<_> = parsed.into();
        assert_eq!(request.uri().path(), "/api/v1/auth/login");
    }

    use lambda_http::request as edge_request;
}
