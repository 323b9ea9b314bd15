//! Events in the form in which AWS sends them.

use serde_json::{Value, json};

/// What the WebSocket gateway calls every event.
pub const REQUEST_ID: &str = "JKJaXmPLvHcESHA=";

/// A `$connect` event of a WebSocket API behind the front that passes the path on.
pub fn connect(connection: &str, path: &str, token: Option<&str>) -> Value {
    let mut query = json!({ "path": path });
    if let Some(token) = token {
        query["token"] = json!(token);
    }
    json!({
        "headers": { "Host": "ws.example", "Sec-WebSocket-Version": "13", "X-Forwarded-For": "203.0.113.7" },
        "multiValueHeaders": { "Host": ["ws.example"] },
        "queryStringParameters": query,
        "requestContext": socket_context("$connect", "CONNECT", connection),
        "isBase64Encoded": false
    })
}

/// A `$disconnect` event.
pub fn disconnect(connection: &str) -> Value {
    json!({
        "headers": { "Host": "ws.example" },
        "requestContext": socket_context("$disconnect", "DISCONNECT", connection),
        "isBase64Encoded": false
    })
}

/// A message of the client.
pub fn message(connection: &str, body: &str) -> Value {
    json!({
        "requestContext": socket_context("$default", "MESSAGE", connection),
        "body": body,
        "isBase64Encoded": false
    })
}

fn socket_context(route: &str, kind: &str, connection: &str) -> Value {
    json!({
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "requestTime": "15/Jan/2026:12:00:00 +0000",
        "messageDirection": "IN",
        "stage": "stage",
        "connectedAt": 1_768_478_400_000_i64,
        "requestTimeEpoch": 1_768_478_400_000_i64,
        "identity": { "sourceIp": "203.0.113.7" },
        "requestId": REQUEST_ID,
        "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
        "connectionId": connection,
        "apiId": "abcdef1234"
    })
}

/// An EventBridge schedule event.
pub fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-01-15T12:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:000000000000:rule/easy-writer-maintenance"],
        "detail": {}
    })
}
