//! An HTTP API: picks a route, invokes its function, and says what the gateway says when there is no answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};

use super::http_event::{self, Context};
use super::routes::{self, Route};
use super::stamp::Stamp;
use super::{http_answer, routes::Match};
use crate::function::{Function, InvokeError};

/// Largest request body in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// One HTTP API.
pub(crate) struct HttpApi {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) stamp: Stamp,
    pub(crate) routes: Vec<Route<Target>>,
}

/// What a route leads to.
pub(crate) struct Target {
    pub(crate) function: Arc<Function>,
    /// How long the gateway waits.
    pub(crate) timeout: Duration,
}

impl HttpApi {
    /// Answers a request that came from `source_ip`.
    pub(crate) async fn answer(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Bytes> {
        let request_id = self.stamp.short_id();
        let (parts, body) = request.into_parts();
        let method = parts.method.as_str();
        let mut response = if body.len() > MAX_BODY_BYTES {
            message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
        } else if let Some(Match { route, parameters }) = routes::pick(&self.routes, method, parts.uri.path()) {
            let context = Context {
                stamp: &self.stamp,
                account: &self.account,
                api_id: &self.id,
                request_id: &request_id,
                source_ip,
                route_key: &route.key,
                path_parameters: &parameters,
            };
            invoke(&route.target, &http_event::build(&parts, &body, &context)).await
        } else {
            message(StatusCode::NOT_FOUND, "Not Found")
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(HeaderName::from_static("apigw-requestid"), value);
        }
        response
    }
}

async fn invoke(target: &Target, event: &serde_json::Value) -> Response<Bytes> {
    match tokio::time::timeout(target.timeout, target.function.invoke(event)).await {
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Err(InvokeError::TooLarge(_))) => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Ok(Err(_)) => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        Ok(Ok(answer)) => http_answer::read(answer.get()).unwrap_or_else(|| {
            tracing::error!(function = target.function.name, "the function's answer is malformed");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }),
    }
}

/// An answer of the gateway itself.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::json!({ "message": text }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::{Value, json};

    use super::*;
    use crate::function::tests::{stub, stub_with_timeout};
    use crate::gateway::stamp::tests::stamp;

    fn api(function: Arc<Function>) -> HttpApi {
        api_with_timeout(Duration::from_secs(30), function)
    }

    fn api_with_timeout(timeout: Duration, function: Arc<Function>) -> HttpApi {
        let target = Target { function, timeout };
        let routes = vec![Route::new("ANY", "/api/{proxy+}", target)];
        HttpApi { id: "api".to_owned(), account: "000000000000".to_owned(), stamp: stamp(), routes }
    }

    async fn answer(api: &HttpApi, path: &str, body: Bytes) -> (u16, Value) {
        let request = Request::post(path).body(body).unwrap();
        let response = api.answer(request, Ipv4Addr::LOCALHOST.into()).await;
        assert!(response.headers().contains_key("apigw-requestid"));
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_routed_request_reaches_the_function() {
        let api =
            api(stub(
                |event| async move { Ok(json!({ "statusCode": 202, "body": event["pathParameters"].to_string() })) },
            ));
        assert_eq!(answer(&api, "/api/x/y", Bytes::new()).await, (202, json!({ "proxy": "x/y" })));
    }

    #[tokio::test]
    async fn the_gateway_has_its_own_answers() {
        let failing = api(stub(|_| async { Err("broken".into()) }));
        assert_eq!(answer(&failing, "/other", Bytes::new()).await, (404, json!({ "message": "Not Found" })));
        assert_eq!(
            answer(&failing, "/api/x", Bytes::new()).await,
            (500, json!({ "message": "Internal Server Error" }))
        );
        let large = Bytes::from(vec![b'x'; MAX_BODY_BYTES + 1]);
        assert_eq!(answer(&failing, "/api/x", large).await, (413, json!({ "message": "Request Entity Too Large" })));
        let malformed = api(stub(|_| async { Ok(json!({ "statusCode": "?" })) }));
        assert_eq!(answer(&malformed, "/api/x", Bytes::new()).await.0, 500);
    }

    #[tokio::test]
    async fn two_time_outs_have_two_answers() {
        let gateway_gives_up = api_with_timeout(Duration::ZERO, stub(|_| std::future::pending()));
        assert_eq!(
            answer(&gateway_gives_up, "/api/x", Bytes::new()).await,
            (503, json!({ "message": "Service Unavailable" }))
        );
        let function_gives_up = api(stub_with_timeout(Duration::ZERO, |_| std::future::pending()));
        assert_eq!(
            answer(&function_gives_up, "/api/x", Bytes::new()).await,
            (500, json!({ "message": "Internal Server Error" }))
        );
    }
}
