//! HTTP functions whose responses are streamed.
//!
//! An HTTP API has no streams, a REST API does: its events have payload format 1.0, and its integration has
//! `responseTransferMode: STREAM`. Source: "Set up a Lambda proxy integration with payload response streaming in API
//! Gateway" of the developer guide.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Polling, Poll};
use std::time::Instant;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use axum::Router;
use axum::body::{Body as AxumBody, BodyDataStream, HttpBody as _};
use axum::response::Response;
use bytes::Bytes;
use domain::kernel::telemetry::{self, Metric};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use lambda_http::request::LambdaRequest;
use lambda_http::{Request, RequestExt as _};
use lambda_runtime::{Context, Error, MetadataPrelude};
use serde_json::value::RawValue;
use store::Usage;
use tower::ServiceExt as _;
use tracing::Span;

use crate::envelope::Envelope;
use crate::function::{Function, Streamed};
use crate::http::{chain, with_envelope};
use crate::platform::Platform;
use crate::vars::ConfigError;

impl Function {
    /// A function behind a REST API whose routes have `ResponseTransferMode: RESPONSE_STREAM`. Answers in the dialect
    /// `E`, as [`Function::http`] does, and reads the same variables.
    ///
    /// Every response is streamed, complete ones too. A streaming handler returns any axum response, such as
    /// `axum::response::sse::Sse`. When the client disconnects, the body is dropped where this is noticed; API Gateway
    /// does not report it, so handlers on Lambda must not rely on it. An error after the status was sent has to be part
    /// of the body. A panic there ends the body early.
    pub fn streaming<E: Envelope>(platform: &Platform, router: Router) -> Result<Self, ConfigError> {
        let router = with_envelope::<E>(platform, router)?;
        Ok(Self::streamed(move |event, context| {
            let response = request(&event, context).map(|request| router.clone().oneshot(request));
            async move {
                let Ok(response) = response?.await;
                Ok(streamed(response))
            }
        }))
    }
}

/// The request of an event.
fn request(event: &RawValue, context: Context) -> Result<Request, Error> {
    let mut event: ApiGatewayProxyRequest = serde_json::from_str(event.get())?;
    // Otherwise the stage is prepended to the path.
    event.request_context.stage = None;
    // The other map has only one value per header, and takes precedence.
    let headers = event.multi_value_headers.clone();
    let mut request = Request::from(LambdaRequest::ApiGatewayV1(event));
    if !headers.is_empty() {
        *request.headers_mut() = headers;
    }
    Ok(request.with_lambda_context(context))
}

fn streamed(response: Response) -> Streamed {
    let (parts, body) = response.into_parts();
    let cookies = parts.headers.get_all(SET_COOKIE).iter();
    let head = MetadataPrelude {
        status_code: parts.status,
        cookies: cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).collect(),
        headers: single(&parts.headers),
    };
    // `watched` ends bodies that fail.
    let body = body.into_data_stream().filter_map(|piece| std::future::ready(piece.ok()));
    Streamed { head, body: body.boxed() }
}

/// Headers as the gateway takes them: one value per name. Several are joined by commas, except cookies, which have
/// their own field; the gateway sets the length.
fn single(headers: &HeaderMap) -> HeaderMap {
    let names = headers.keys().filter(|name| **name != SET_COOKIE && **name != CONTENT_LENGTH);
    let joined = names.filter_map(|name| {
        let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        Some((name.clone(), HeaderValue::from_bytes(&values.join(b", ".as_slice())).ok()?))
    });
    joined.collect()
}

/// Instruments a streamed body: its work and its end are logged in the request's `span`. A complete body stays as it
/// is.
pub(crate) fn watched(response: Response, span: &Span, started: Instant) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let (span, usage) = (span.clone(), Usage::default());
    response.map(|body| {
        let body = Some(body.into_data_stream());
        AxumBody::from_stream(InstrumentedBody { body, span, started, bytes: 0, usage })
    })
}

struct InstrumentedBody {
    /// `None` once it ended.
    body: Option<BodyDataStream>,
    span: Span,
    /// When the request came.
    started: Instant,
    bytes: usize,
    usage: Usage,
}

/// How a body ended.
enum End {
    Complete,
    /// Dropped: the client has disconnected.
    Left,
    /// Failed.
    Failed(String),
}

impl InstrumentedBody {
    fn poll(&mut self, polling: &mut Polling<'_>) -> Poll<Result<Bytes, End>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Err(End::Complete)) };
        let mut polled = Ok(Poll::Pending);
        measure(&mut self.usage, || {
            polled = catch_unwind(AssertUnwindSafe(|| body.poll_next_unpin(polling)));
        });
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Some(Ok(piece)))) => Poll::Ready(Ok(piece)),
            Ok(Poll::Ready(Some(Err(error)))) => Poll::Ready(Err(End::Failed(chain(&error)))),
            Ok(Poll::Ready(None)) => Poll::Ready(Err(End::Complete)),
            Err(_) => Poll::Ready(Err(End::Failed("handler panicked".to_owned()))),
        }
    }

    fn end(&mut self, end: End) {
        let Some(body) = self.body.take() else { return };
        measure(&mut self.usage, || drop(body));
        let Self { bytes, usage, .. } = self;
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        macro_rules! log {
            ($level:ident, $how:literal $(, $error:ident)?) => {
                tracing::$level!(
                    bytes, millis, end = $how,
                    table_calls = usage.table_calls, read_units = usage.read_units, write_units = usage.write_units,
                    $($error,)? "streamed"
                )
            };
        }
        match end {
            End::Complete => log!(info, "complete"),
            End::Left => log!(info, "left"),
            End::Failed(error) => {
                telemetry::note(Metric::FAULTS, 1);
                log!(error, "failed", error);
            }
        }
    }
}

impl Stream for InstrumentedBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, polling: &mut Polling<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let span = this.span.clone();
        let _entered = span.enter();
        this.poll(polling).map(|piece| match piece {
            Ok(piece) => {
                this.bytes += piece.len();
                Some(Ok(piece))
            }
            Err(end) => {
                this.end(end);
                None
            }
        })
    }
}

impl Drop for InstrumentedBody {
    fn drop(&mut self) {
        let span = self.span.clone();
        span.in_scope(|| self.end(End::Left));
    }
}

/// Runs `work` and adds what it used.
fn measure(usage: &mut Usage, work: impl FnOnce()) {
    // Nothing in it waits, so one poll completes it.
    if let Some(((), more)) = store::measured(async { work() }).now_or_never() {
        *usage += more;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::response::sse::{Event, Sse};
    use axum::response::{IntoResponse as _, Response};
    use axum::routing::{get, post};
    use domain::kernel::{Error as DomainError, RandomIds, Resource, SystemClock};
    use futures_util::stream;
    use http::StatusCode;
    use serde_json::{Value, json};
    use store::{Aws, AwsSettings};
    use tokio::sync::mpsc;

    use super::*;
    use crate::easy_writer::EasyWriter;
    use crate::extract::{ClientAddress, Cookies};
    use crate::function::Answer;
    use crate::problem::Failure;
    use crate::query::Query;
    use crate::vars::Vars;

    fn platform() -> Platform {
        let aws = Aws::new(AwsSettings {
            region: "eu-central-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
            dynamodb_endpoint: None,
            s3_endpoint: None,
            sqs_endpoint: None,
            http_client: None,
        });
        Platform { vars: Vars::default(), clock: Arc::new(SystemClock), ids: Arc::new(RandomIds), aws }
    }

    /// An event as a REST API sends it, from the developer guide.
    fn event(method: &str, path: &str) -> Value {
        json!({
            "resource": "/api/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": { "Host": "api.example", "Cookie": "b=2", "X-Forwarded-Proto": "https" },
            "multiValueHeaders": {
                "Host": ["api.example"], "Cookie": ["a=1", "b=2"], "X-Forwarded-Proto": ["https"]
            },
            "queryStringParameters": null,
            "multiValueQueryStringParameters": null,
            "pathParameters": { "proxy": "x" },
            "stageVariables": null,
            "requestContext": {
                "resourceId": "2gxmpl",
                "resourcePath": "/api/{proxy+}",
                "httpMethod": method,
                "extendedRequestId": "JJbxmplHYosFVYQ=",
                "requestTime": "10/Mar/2020:00:03:59 +0000",
                "path": format!("/live{path}"),
                "accountId": "123456789012",
                "protocol": "HTTP/1.1",
                "stage": "live",
                "domainPrefix": "70ixmpl4fl",
                "requestTimeEpoch": 1_583_798_639_428_i64,
                "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
                "identity": { "sourceIp": "203.0.113.7", "userAgent": "agent", "user": null },
                "domainName": "70ixmpl4fl.execute-api.us-east-2.amazonaws.com",
                "apiId": "70ixmpl4fl",
            },
            "body": null,
            "isBase64Encoded": false,
        })
    }

    async fn answer(router: Router, event: &Value) -> Streamed {
        let function = Function::streaming::<EasyWriter>(&platform(), router).unwrap();
        let event = serde_json::value::to_raw_value(event).unwrap();
        match function.answer(event, Context::default()).await.unwrap() {
            Answer::Stream(streamed) => streamed,
            Answer::Whole(json) => panic!("{json}"),
        }
    }

    async fn text(body: impl Stream<Item = Bytes>) -> String {
        let pieces: Vec<_> = body.collect().await;
        String::from_utf8(pieces.concat()).unwrap()
    }

    /// A router whose one endpoint streams what `pieces` gets.
    fn relay(pieces: mpsc::UnboundedReceiver<&'static str>) -> Router {
        let pieces = Arc::new(std::sync::Mutex::new(Some(pieces)));
        let handler = move || async move {
            let pieces = pieces.lock().unwrap().take().unwrap();
            let pieces = stream::unfold(pieces, |mut pieces| async {
                let piece = pieces.recv().await?;
                assert_ne!(piece, "panic", "on purpose");
                Some((if piece == "error" { Err(piece) } else { Ok(piece) }, pieces))
            });
            AxumBody::from_stream(pieces).into_response()
        };
        Router::new().route("/api/relay", get(handler))
    }

    #[tokio::test]
    async fn a_request_is_read_from_the_event_of_a_rest_api() {
        async fn echo(
            cookies: Cookies,
            query: Query,
            address: ClientAddress,
            request: axum::extract::Request,
        ) -> String {
            let uri = request.uri().path().to_owned();
            let body = axum::body::to_bytes(request.into_body(), 100).await.unwrap();
            format!(
                "{uri} {:?} {:?} {:?} {} {}",
                cookies.get("a"),
                cookies.get("b"),
                query.lenient("q"),
                address.0,
                String::from_utf8_lossy(&body)
            )
        }
        let mut event = event("POST", "/api/x%20y");
        event["queryStringParameters"] = json!({ "q": "я &=" });
        event["multiValueQueryStringParameters"] = json!({ "q": ["я &="] });
        event["body"] = "aGVsbG8=".into();
        event["isBase64Encoded"] = true.into();
        let router = Router::new().route("/api/{name}", post(echo));
        let Streamed { head, body } = answer(router, &event).await;
        assert_eq!(head.status_code, StatusCode::OK);
        assert_eq!(head.headers["x-request-id"], "77375676-xmpl-4b79-853a-f982474efe18");
        assert_eq!(text(body).await, "/api/x%20y Some(\"1\") Some(\"2\") Some(\"я &=\") 203.0.113.7 hello");
    }

    #[tokio::test]
    async fn pieces_come_one_by_one_as_they_are_made() {
        let (sender, pieces) = mpsc::unbounded_channel();
        let Streamed { head, mut body } = answer(relay(pieces), &event("GET", "/api/relay")).await;
        assert_eq!(head.status_code, StatusCode::OK);
        assert_eq!(head.headers["cache-control"], "no-store");
        assert_eq!(head.headers["x-content-type-options"], "nosniff");
        assert!(body.next().now_or_never().is_none(), "there is nothing yet");
        sender.send("one").unwrap();
        assert_eq!(body.next().await.unwrap(), "one");
        assert!(body.next().now_or_never().is_none());
        sender.send("two").unwrap();
        assert_eq!(body.next().await.unwrap(), "two");
        drop(sender);
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn a_handler_learns_that_nobody_listens() {
        let (sender, pieces) = mpsc::unbounded_channel();
        let Streamed { mut body, .. } = answer(relay(pieces), &event("GET", "/api/relay")).await;
        sender.send("one").unwrap();
        body.next().await.unwrap();
        assert!(!sender.is_closed());
        drop(body);
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn a_panic_or_an_error_in_the_middle_ends_the_body_and_is_a_fault() {
        for what in ["panic", "error"] {
            let (sender, pieces) = mpsc::unbounded_channel();
            let Streamed { mut body, .. } = answer(relay(pieces), &event("GET", "/api/relay")).await;
            sender.send("one").unwrap();
            sender.send(what).unwrap();
            let (pieces, notes) = telemetry::collected(async { (body.next().await, body.next().await) }).await;
            assert_eq!(pieces, (Some(Bytes::from("one")), None), "{what}");
            assert_eq!(notes.counts[&Metric::FAULTS], 1, "{what}");
            assert!(sender.is_closed());
        }
    }

    #[tokio::test]
    async fn failures_before_the_first_piece_are_told_in_the_dialect() {
        async fn missing() -> Result<Response, Failure> {
            Err(DomainError::NotFound(Resource::SESSION).into())
        }
        async fn panics() -> Response {
            panic!("on purpose")
        }
        let router = || Router::new().route("/api/missing", get(missing)).route("/api/panic", get(panics));
        for (path, status, code) in [
            ("/api/missing", StatusCode::NOT_FOUND, "SESSION_NOT_FOUND"),
            ("/api/panic", StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            ("/api/nothing", StatusCode::NOT_FOUND, "NOT_FOUND"),
        ] {
            let Streamed { head, body } = answer(router(), &event("GET", path)).await;
            assert_eq!(head.status_code, status, "{path}");
            assert_eq!(head.headers["content-type"], "application/json");
            assert!(!head.headers.contains_key(CONTENT_LENGTH));
            let body: Value = serde_json::from_str(&text(body).await).unwrap();
            assert_eq!(body["error"]["code"], code);
        }
        let Streamed { head, .. } = answer(router(), &event("POST", "/api/missing")).await;
        assert_eq!(head.status_code, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(head.headers["allow"], "GET,HEAD");
    }

    #[tokio::test]
    async fn server_sent_events_are_streams() {
        let events = || async {
            let events = stream::iter(["a", "b"]).map(|data| Ok::<_, Infallible>(Event::default().data(data)));
            Sse::new(events).keep_alive(axum::response::sse::KeepAlive::new().interval(Duration::from_mins(1)))
        };
        let Streamed { head, body } =
            answer(Router::new().route("/api/events", get(events)), &event("GET", "/api/events")).await;
        assert_eq!(head.headers["content-type"], "text/event-stream");
        assert_eq!(text(body).await, "data: a\n\ndata: b\n\n");
    }

    #[tokio::test]
    async fn the_head_has_one_value_of_each_header_and_cookies_by_themselves() {
        let handler = || async {
            [("set-cookie", "a=1; HttpOnly"), ("set-cookie", "b=2"), ("link", "</a>"), ("link", "</b>")]
                .into_iter()
                .fold(Response::builder(), |response, (name, value)| response.header(name, value))
                .body(AxumBody::empty())
                .unwrap()
        };
        let Streamed { head, .. } = answer(Router::new().route("/api/x", get(handler)), &event("GET", "/api/x")).await;
        assert_eq!(head.cookies, ["a=1; HttpOnly", "b=2"]);
        assert_eq!(head.headers["link"], "</a>, </b>");
        assert!(!head.headers.contains_key(SET_COOKIE));
    }

    #[tokio::test]
    async fn other_events_fail_the_invocation() {
        let function = Function::streaming::<EasyWriter>(&platform(), Router::new()).unwrap();
        for event in [json!({ "hello": "world" }), json!({ "version": "2.0", "rawPath": "/" })] {
            let event = serde_json::value::to_raw_value(&event).unwrap();
            assert!(function.answer(event, Context::default()).await.is_err());
        }
    }
}
