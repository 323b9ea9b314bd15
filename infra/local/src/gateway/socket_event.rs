//! The events of a WebSocket API.
//!
//! Source: "WebSocket API mapping template and access logging variable reference", and recorded events: `CONNECT` has headers and query,
//! `MESSAGE` has a body and neither of these, `DISCONNECT` has a few headers and a reason; none has a path.

use std::collections::BTreeMap;
use std::net::IpAddr;

use domain::kernel::Timestamp;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};

use super::stamp::{Stamp, request_time};
use crate::percent;

/// What all events of one connection have in common.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) api_id: String,
    pub(crate) stage: String,
    pub(crate) domain: String,
    pub(crate) connection: String,
    pub(crate) connected_at: Timestamp,
    pub(crate) source_ip: IpAddr,
    pub(crate) user_agent: String,
}

impl Origin {
    /// A handshake for `path` with the `query` that came with it.
    ///
    /// A WebSocket API takes nothing after its stage. So the front door, CloudFront on AWS and this process locally, asks the API for its bare
    /// stage and passes the original path in the query parameter `path`, beside the client's own parameters. This is the one place that does
    /// so here; a `path` of the client's own is dropped, or it could claim another one.
    pub(crate) fn connect(&self, stamp: &Stamp, headers: &HeaderMap, path: &str, query: &str) -> Value {
        let own = percent::query(query).filter(|(name, _)| name != "path");
        let pairs: Vec<_> = own.chain([("path".to_owned(), path.to_owned())]).collect();
        let mut multi: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &pairs {
            multi.entry(name).or_default().push(value);
        }
        // Of several values, the single-valued form has the last.
        let single: BTreeMap<&str, &str> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut event = self.event(stamp, "$connect", "CONNECT");
        event.insert("queryStringParameters".to_owned(), json!(single));
        event.insert("multiValueQueryStringParameters".to_owned(), json!(multi));
        let source_ip = self.source_ip.to_string();
        let mut values: BTreeMap<String, Vec<String>> = headers
            .keys()
            .filter(|name| !matches!(name.as_str(), "connection" | "upgrade"))
            .map(|name| {
                let values =
                    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                (title_case(name), values.collect())
            })
            .collect();
        values.insert("X-Amzn-Trace-Id".to_owned(), vec![stamp.trace_id()]);
        values.entry("X-Forwarded-For".to_owned()).or_default().push(source_ip);
        values.insert("X-Forwarded-Proto".to_owned(), vec!["http".to_owned()]);
        insert_headers(&mut event, &values);
        Value::Object(event)
    }

    /// A message.
    pub(crate) fn message(&self, stamp: &Stamp, route_key: &str, body: &str) -> Value {
        let mut event = self.event(stamp, route_key, "MESSAGE");
        if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
            context.insert("messageId".to_owned(), stamp.short_id().into());
        }
        event.insert("body".to_owned(), body.into());
        Value::Object(event)
    }

    /// The end of the connection.
    pub(crate) fn disconnect(&self, stamp: &Stamp, code: u16, reason: &str) -> Value {
        let mut event = self.event(stamp, "$disconnect", "DISCONNECT");
        if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
            context.insert("disconnectStatusCode".to_owned(), code.into());
            context.insert("disconnectReason".to_owned(), reason.into());
        }
        let empty = || vec![String::new()];
        let headers = [
            ("Host", vec![self.domain.clone()]),
            ("x-api-key", empty()),
            ("X-Forwarded-For", empty()),
            ("x-restapi", empty()),
        ];
        insert_headers(&mut event, &headers.map(|(name, values)| (name.to_owned(), values)).into());
        Value::Object(event)
    }

    fn event(&self, stamp: &Stamp, route_key: &str, event_type: &str) -> Map<String, Value> {
        let now = stamp.now();
        let request_id = stamp.short_id();
        let mut event = Map::new();
        event.insert(
            "requestContext".to_owned(),
            json!({
                "routeKey": route_key,
                "eventType": event_type,
                "extendedRequestId": request_id,
                "requestTime": request_time(now),
                "messageDirection": "IN",
                "stage": self.stage,
                "connectedAt": self.connected_at.as_millisecond(),
                "requestTimeEpoch": now.as_millisecond(),
                "identity": { "sourceIp": self.source_ip.to_string(), "userAgent": self.user_agent },
                "requestId": request_id,
                "domainName": self.domain,
                "connectionId": self.connection,
                "apiId": self.api_id,
            }),
        );
        event.insert("isBase64Encoded".to_owned(), false.into());
        event
    }
}

fn insert_headers(event: &mut Map<String, Value>, values: &BTreeMap<String, Vec<String>>) {
    let single: BTreeMap<_, _> = values.iter().filter_map(|(name, values)| Some((name, values.last()?))).collect();
    event.insert("headers".to_owned(), json!(single));
    event.insert("multiValueHeaders".to_owned(), json!(values));
}

/// Header names reach a WebSocket API's functions as clients usually spell them, `Sec-WebSocket-Key`; here they arrive in lower case.
fn title_case(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| match word {
        "websocket" => "WebSocket".to_owned(),
        word => word
            .chars()
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(word.chars().skip(1))
            .collect(),
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::gateway::stamp::tests::stamp;

    fn origin() -> Origin {
        Origin {
            api_id: "api-id".to_owned(),
            stage: "live".to_owned(),
            domain: "localhost".to_owned(),
            connection: "L0SM9cOFvHcCIhw=".to_owned(),
            connected_at: stamp().now(),
            source_ip: Ipv4Addr::new(192, 0, 2, 1).into(),
            user_agent: "agent".to_owned(),
        }
    }

    /// The event without the ids that differ each time.
    fn stable(mut event: Value) -> Value {
        let context = event["requestContext"].as_object_mut().unwrap();
        for id in ["extendedRequestId", "requestId", "messageId"] {
            if let Some(id) = context.remove(id) {
                assert_eq!(id.as_str().map(str::len), Some(16));
            }
        }
        event
    }

    fn context(route_key: &str, event_type: &str) -> Value {
        json!({
            "routeKey": route_key,
            "eventType": event_type,
            "requestTime": "10/Mar/2020:05:16:23 +0000",
            "messageDirection": "IN",
            "stage": "live",
            "connectedAt": 1_583_817_383_220_i64,
            "requestTimeEpoch": 1_583_817_383_220_i64,
            "identity": { "sourceIp": "192.0.2.1", "userAgent": "agent" },
            "domainName": "localhost",
            "connectionId": "L0SM9cOFvHcCIhw=",
            "apiId": "api-id",
        })
    }

    #[test]
    fn a_handshake_has_headers_query_and_the_original_path() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "localhost:8000"), ("upgrade", "websocket"), ("sec-websocket-key", "abc==")] {
            headers.insert(name, value.parse().unwrap());
        }
        let event = origin().connect(&stamp(), &headers, "/ws/generation/7", "token=x&path=/ws/generation/8&a=1&a=2");
        let mut event = stable(event);
        for headers in ["headers", "multiValueHeaders"] {
            event[headers].as_object_mut().unwrap().remove("X-Amzn-Trace-Id").unwrap();
        }
        let expected = json!({
            "requestContext": context("$connect", "CONNECT"),
            "headers": {
                "Host": "localhost:8000",
                "Sec-WebSocket-Key": "abc==",
                "X-Forwarded-For": "192.0.2.1",
                "X-Forwarded-Proto": "http",
            },
            "multiValueHeaders": {
                "Host": ["localhost:8000"],
                "Sec-WebSocket-Key": ["abc=="],
                "X-Forwarded-For": ["192.0.2.1"],
                "X-Forwarded-Proto": ["http"],
            },
            "queryStringParameters": { "a": "2", "path": "/ws/generation/7", "token": "x" },
            "multiValueQueryStringParameters": { "a": ["1", "2"], "path": ["/ws/generation/7"], "token": ["x"] },
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn a_message_has_a_body_and_neither_headers_nor_query() {
        let event = stable(origin().message(&stamp(), "$default", "hello"));
        let expected =
            json!({ "requestContext": context("$default", "MESSAGE"), "body": "hello", "isBase64Encoded": false });
        assert_eq!(event, expected);
    }

    #[test]
    fn a_farewell_has_a_reason() {
        let event = stable(origin().disconnect(&stamp(), 1005, "Client-side close frame status not set"));
        let mut context = context("$disconnect", "DISCONNECT");
        context["disconnectStatusCode"] = 1005.into();
        context["disconnectReason"] = "Client-side close frame status not set".into();
        let expected = json!({
            "requestContext": context,
            "headers": { "Host": "localhost", "X-Forwarded-For": "", "x-api-key": "", "x-restapi": "" },
            "multiValueHeaders": { "Host": ["localhost"], "X-Forwarded-For": [""], "x-api-key": [""], "x-restapi": [""] },
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }
}
