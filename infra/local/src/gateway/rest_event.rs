//! The event of a request: payload format 1.0, as a REST API sends it.
//!
//! Source: "Lambda proxy integrations in API Gateway", section on the input format. What a request lacks is null, not absent. Names of headers are
//! as the client wrote them, which over HTTP/2 and here is in lower case; those that the gateway writes itself are as it writes them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use serde_json::{Value, json};

use super::http_event::{HOP_BY_HOP, host, text};
use super::stamp::{Stamp, request_time};
use crate::percent;

/// What the gateway writes itself, whatever the client wrote.
const FORWARDED: [&str; 4] = ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"];

/// What the gateway knows beside the request.
pub(crate) struct Context<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) account: &'a str,
    pub(crate) api_id: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) extended_request_id: &'a str,
    pub(crate) source_ip: IpAddr,
    /// The path of the route, `/pets/{id}`.
    pub(crate) resource: &'a str,
    pub(crate) path_parameters: &'a BTreeMap<String, String>,
}

/// Several values of each name.
type Multi = BTreeMap<String, Vec<String>>;

/// The event for a request.
pub(crate) fn build(request: &Parts, body: &Bytes, context: &Context) -> Value {
    let now = context.stamp.now();
    let host = host(request);
    let domain = host.rsplit_once(':').map_or(host.as_str(), |(domain, _)| domain);
    let headers = headers(&request.headers, &host, context);
    let mut query = Multi::new();
    for (name, value) in percent::query(request.uri.query().unwrap_or_default()) {
        query.entry(name).or_default().push(value);
    }
    json!({
        "resource": context.resource,
        "path": request.uri.path(),
        "httpMethod": request.method.as_str(),
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": unless_empty(&last(&query)),
        "multiValueQueryStringParameters": unless_empty(&query),
        "pathParameters": unless_empty(context.path_parameters),
        "stageVariables": null,
        "requestContext": {
            "resourceId": resource_id(context.resource),
            "resourcePath": context.resource,
            "httpMethod": request.method.as_str(),
            "extendedRequestId": context.extended_request_id,
            "requestTime": request_time(now),
            "path": format!("/{}{}", context.stage, request.uri.path()),
            "accountId": context.account,
            "protocol": format!("{:?}", request.version),
            "stage": context.stage,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "requestTimeEpoch": now.as_millisecond(),
            "requestId": context.request_id,
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": context.source_ip.to_string(),
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": request.headers.get(USER_AGENT).map(text),
                "user": null,
            },
            "domainName": domain,
            "apiId": context.api_id,
        },
        // An API without binary media types takes every body for text.
        "body": (!body.is_empty()).then(|| String::from_utf8_lossy(body)),
        "isBase64Encoded": false,
    })
}

fn headers(given: &HeaderMap, host: &str, context: &Context) -> Multi {
    let passed_on = |name: &str| name != HOST.as_str() && !FORWARDED.contains(&name);
    let names = given.keys().filter(|name| passed_on(name.as_str()) && !HOP_BY_HOP.contains(name));
    let values = |name: &str| given.get_all(name).iter().map(text).collect::<Vec<_>>();
    let mut headers: Multi = names.map(|name| (name.as_str().to_owned(), values(name.as_str()))).collect();
    let mut chain = values("x-forwarded-for");
    chain.push(context.source_ip.to_string());
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let own = [
        ("Host", host.to_owned()),
        ("X-Forwarded-For", chain.join(", ")),
        ("X-Forwarded-Port", port.to_owned()),
        ("X-Forwarded-Proto", "http".to_owned()),
        ("X-Amzn-Trace-Id", context.stamp.trace_id()),
    ];
    headers.extend(own.map(|(name, value)| (name.to_owned(), vec![value])));
    headers
}

/// The last value of each name.
fn last(values: &Multi) -> BTreeMap<String, String> {
    values.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.clone()))).collect()
}

fn unless_empty<T: serde::Serialize>(map: &BTreeMap<String, T>) -> Option<&BTreeMap<String, T>> {
    (!map.is_empty()).then_some(map)
}

/// Six characters that are always the same for a path.
fn resource_id(path: &str) -> String {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{:06x}", hasher.finish() & 0xff_ffff)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http::Request;
    use lambda_http::request::{LambdaRequest, RequestContext};

    use super::*;
    use crate::gateway::stamp::tests::stamp;

    fn event(request: http::request::Builder, parameters: &[(&str, &str)], body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut event = build(
            &parts,
            &Bytes::from_static(body),
            &Context {
                stamp: &stamp(),
                account: "123456789012",
                api_id: "api-id",
                stage: "live",
                request_id: "77375676-xmpl-4b79-853a-f982474efe18",
                extended_request_id: "JJbxmplHYosFVYQ=",
                source_ip: Ipv4Addr::new(192, 0, 2, 1).into(),
                resource: "/api/v1/{proxy+}",
                path_parameters: &parameters,
            },
        );
        for headers in ["headers", "multiValueHeaders"] {
            assert!(event[headers].as_object_mut().unwrap().remove("X-Amzn-Trace-Id").is_some());
        }
        event["requestContext"]["resourceId"] = "2gxmpl".into();
        event
    }

    #[test]
    fn a_whole_event() {
        let request = Request::post("/api/v1/a%20b?a=1&a=2&b=x+y")
            .header("Host", "localhost:8001")
            .header("User-Agent", "agent")
            .header("Content-Type", "application/json")
            .header("Cookie", "one=1")
            .header("Cookie", "two=2")
            .header("X-Forwarded-For", "203.0.113.9")
            .header("Connection", "keep-alive");
        let expected = json!({
            "resource": "/api/v1/{proxy+}",
            "path": "/api/v1/a%20b",
            "httpMethod": "POST",
            "headers": {
                "Host": "localhost:8001",
                "X-Forwarded-For": "203.0.113.9, 192.0.2.1",
                "X-Forwarded-Port": "8001",
                "X-Forwarded-Proto": "http",
                "content-type": "application/json",
                "cookie": "two=2",
                "user-agent": "agent",
            },
            "multiValueHeaders": {
                "Host": ["localhost:8001"],
                "X-Forwarded-For": ["203.0.113.9, 192.0.2.1"],
                "X-Forwarded-Port": ["8001"],
                "X-Forwarded-Proto": ["http"],
                "content-type": ["application/json"],
                "cookie": ["one=1", "two=2"],
                "user-agent": ["agent"],
            },
            "queryStringParameters": { "a": "2", "b": "x y" },
            "multiValueQueryStringParameters": { "a": ["1", "2"], "b": ["x y"] },
            "pathParameters": { "proxy": "a b" },
            "stageVariables": null,
            "requestContext": {
                "resourceId": "2gxmpl",
                "resourcePath": "/api/v1/{proxy+}",
                "httpMethod": "POST",
                "extendedRequestId": "JJbxmplHYosFVYQ=",
                "requestTime": "10/Mar/2020:05:16:23 +0000",
                "path": "/live/api/v1/a%20b",
                "accountId": "123456789012",
                "protocol": "HTTP/1.1",
                "stage": "live",
                "domainPrefix": "localhost",
                "requestTimeEpoch": 1_583_817_383_220_i64,
                "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
                "identity": {
                    "cognitoIdentityPoolId": null,
                    "accountId": null,
                    "cognitoIdentityId": null,
                    "caller": null,
                    "sourceIp": "192.0.2.1",
                    "principalOrgId": null,
                    "accessKey": null,
                    "cognitoAuthenticationType": null,
                    "cognitoAuthenticationProvider": null,
                    "userArn": null,
                    "userAgent": "agent",
                    "user": null,
                },
                "domainName": "localhost",
                "apiId": "api-id",
            },
            "body": "{}",
            "isBase64Encoded": false,
        });
        assert_eq!(event(request, &[("proxy", "a b")], b"{}"), expected);
    }

    #[test]
    fn what_a_request_lacks_is_null() {
        let event = event(Request::get("/x"), &[], b"");
        for absent in ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body"] {
            assert_eq!(event.get(absent), Some(&Value::Null), "{absent}");
        }
    }

    #[test]
    fn the_runtime_reads_the_event() {
        let event = event(Request::get("/api/v1/x?a=1").header("Host", "localhost:8001"), &[], b"");
        let LambdaRequest::ApiGatewayV1(parsed) = serde_json::from_value(event).unwrap() else { panic!() };
        let request = Request::from(LambdaRequest::ApiGatewayV1(parsed));
        assert_eq!(request.uri().query(), Some("a=1"));
        let Some(RequestContext::ApiGatewayV1(context)) = request.extensions().get() else { panic!() };
        assert_eq!(context.identity.source_ip.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn a_resource_has_one_id() {
        assert_eq!(resource_id("/a"), resource_id("/a"));
        assert_ne!(resource_id("/a"), resource_id("/b"));
        assert_eq!(resource_id("/a").len(), 6);
    }
}
