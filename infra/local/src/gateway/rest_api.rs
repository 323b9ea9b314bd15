//! A REST API: what HTTP APIs cannot do, which is to pass an answer on while it is made.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::http_api::{self, MAX_BODY_BYTES};
use super::rest_answer;
use super::rest_event::{self, Context};
use super::routes::{self, Match, Route};
use super::stamp::Stamp;
use crate::function::{self, Function, InvokeError};

/// One REST API.
pub(crate) struct RestApi {
    pub(crate) id: String,
    pub(crate) account: String,
    /// The one stage that it is deployed to.
    pub(crate) stage: String,
    /// How long a stream may be silent.
    pub(crate) idle: Duration,
    pub(crate) stamp: Stamp,
    pub(crate) routes: Vec<Route<Target>>,
}

/// What a route leads to.
pub(crate) struct Target {
    pub(crate) function: Arc<Function>,
    /// How long the gateway waits, until the last piece of a stream.
    pub(crate) timeout: Duration,
    /// Whether the answer is passed on while it is made.
    pub(crate) streams: bool,
}

/// Why the gateway breaks a stream off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the gateway waits no longer")]
    TimedOut,
    #[error(transparent)]
    Function(#[from] InvokeError),
}

impl RestApi {
    /// Answers a request that came from `source_ip`. What a function does for a stream is dropped with the response's body.
    pub(crate) async fn answer(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Body> {
        let request_id = self.stamp.ids.uuid(self.stamp.now()).to_string();
        let extended_request_id = self.stamp.short_id();
        let (parts, body) = request.into_parts();
        let picked = routes::pick_method(&self.routes, parts.method.as_str(), parts.uri.path());
        let mut response = match picked {
            _ if body.len() > MAX_BODY_BYTES => too_large(),
            None => {
                message(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Some(Match { route, parameters }) => {
                let context = Context {
                    stamp: &self.stamp,
                    account: &self.account,
                    api_id: &self.id,
                    stage: &self.stage,
                    request_id: &request_id,
                    extended_request_id: &extended_request_id,
                    source_ip,
                    resource: &route.path,
                    path_parameters: &parameters,
                };
                self.invoke(&route.target, &parts, &body, &context).await
            }
        };
        for (name, id) in [("x-amzn-requestid", request_id), ("x-amz-apigw-id", extended_request_id)] {
            if let Ok(value) = HeaderValue::try_from(id) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }

    async fn invoke(&self, target: &Target, request: &Parts, body: &Bytes, context: &Context<'_>) -> Response<Body> {
        let deadline = Instant::now() + target.timeout;
        let event = rest_event::build(request, body, context);
        let answer = match timeout_at(deadline, target.function.answer(&event)).await {
            Err(_) => return timed_out(),
            Ok(Err(_)) => return failed(),
            Ok(Ok(answer)) => answer,
        };
        let response = match (answer, target.streams) {
            (function::Response::Whole(answer), false) => rest_answer::read(answer.get()),
            (function::Response::Stream { head, body }, true) => {
                rest_answer::stream(head, Body::from_stream(limited(body, deadline, self.idle)))
            }
            // On AWS one of the two is taken for the other here, which does not parse.
            (function::Response::Whole(_), true) | (function::Response::Stream { .. }, false) => None,
        };
        response.unwrap_or_else(|| {
            let (function, streams) = (&target.function.name, target.streams);
            tracing::error!(
                function,
                streams,
                "the function's answer is malformed, or the route is for answers of the other kind"
            );
            failed()
        })
    }
}

/// A body that breaks off at `deadline`, or when it was silent for too long.
fn limited(
    body: BoxStream<'static, Result<Bytes, InvokeError>>,
    deadline: Instant,
    idle: Duration,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout_at(deadline.min(Instant::now() + idle), body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(error.into()), None)),
            Err(_) => {
                tracing::error!("the gateway's time-out broke a stream off");
                Some((Err(Broken::TimedOut), None))
            }
        }
    })
}

/// The answer to a request that is larger than the gateway takes.
pub(crate) fn too_large() -> Response<Body> {
    message(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", "Request Too Long")
}

fn failed() -> Response<Body> {
    message(StatusCode::BAD_GATEWAY, "InternalServerErrorException", "Internal server error")
}

fn timed_out() -> Response<Body> {
    message(StatusCode::GATEWAY_TIMEOUT, "InternalServerErrorException", "Endpoint request timed out")
}

/// An answer of the gateway itself.
fn message(status: StatusCode, kind: &'static str, text: &str) -> Response<Body> {
    let mut response = http_api::message(status, text).map(Body::from);
    response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(kind));
    response
}
