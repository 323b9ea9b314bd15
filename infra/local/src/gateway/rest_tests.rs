//! REST APIs and streams, by themselves and through a front door that has an HTTP API too.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use bytes::Bytes;
use edge::{ConfigError, EasyWriter, EdgeError, Failure, Pieces, Platform};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::http_api::{self, HttpApi, MAX_BODY_BYTES};
use super::rest_api::{RestApi, Target};
use super::routes::Route;
use super::stamp::tests::stamp;
use crate::front_door::FrontDoor;
use crate::function::Function;
use crate::function::tests::{of_library, streaming_stub, stub, stub_with_timeout};
use crate::serve::serve;
use crate::tasks::Tasks;

const LONG: Duration = Duration::from_mins(15);

fn target(function: Arc<Function>, streams: bool) -> Target {
    Target { function, timeout: LONG, streams }
}

/// A REST API whose routes all have `/api` before them.
fn api(routes: Vec<(&str, &str, Target)>) -> Arc<RestApi> {
    let routes = routes.into_iter().map(|(method, path, target)| Route::new(method, &format!("/api{path}"), target));
    Arc::new(RestApi {
        id: "api".to_owned(),
        account: "000000000000".to_owned(),
        stage: "live".to_owned(),
        idle: LONG,
        stamp: stamp(),
        routes: routes.collect(),
    })
}

async fn send(api: &RestApi, path: &str, body: impl Into<Bytes>) -> Response<Body> {
    let request = Request::post(path).body(body.into()).unwrap();
    let response = api.answer(request, Ipv4Addr::LOCALHOST.into()).await;
    for header in ["x-amzn-requestid", "x-amz-apigw-id"] {
        assert!(response.headers().contains_key(header), "{header}");
    }
    response
}

async fn answer(api: &RestApi, path: &str, body: impl Into<Bytes>) -> (u16, Value) {
    let response = send(api, path, body).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()))
}

/// The pieces that a test sends, for the one stream that there is.
fn relay() -> (UnboundedSender<&'static str>, impl Fn(Value) -> Pieces + Send + Sync + 'static) {
    let (sender, receiver) = unbounded_channel();
    let receiver = Mutex::new(Some(receiver));
    (sender, move |_| pieces(receiver.lock().unwrap().take().unwrap()))
}

fn pieces(receiver: UnboundedReceiver<&'static str>) -> Pieces {
    stream::unfold(receiver, |mut receiver| async { Some((Bytes::from(receiver.recv().await?), receiver)) }).boxed()
}

#[tokio::test]
async fn whole_answers_pass_too() {
    let function = stub(|event| async move {
        Ok(json!({ "statusCode": 202, "body": format!("{} {}", event["resource"], event["requestContext"]["path"]) }))
    });
    let api = api(vec![("ANY", "/{proxy+}", target(function, false))]);
    assert_eq!(answer(&api, "/api/x", "").await, (202, json!("\"/api/{proxy+}\" \"/live/api/x\"")));
}

#[tokio::test]
async fn the_gateway_has_its_own_answers() {
    let failing = || stub(|_| async { Err("broken".into()) });
    let slow = || stub_with_timeout(Duration::ZERO, |_| std::future::pending());
    let patient = || stub(|_| std::future::pending());
    let whole = || stub(|_| async { Ok(json!({ "statusCode": 200 })) });
    let streams = || streaming_stub(LONG, |_| stream::empty().boxed());
    let api = api(vec![
        ("GET", "/get", target(failing(), false)),
        ("POST", "/failing", target(failing(), false)),
        ("POST", "/failing-stream", target(failing(), true)),
        ("POST", "/malformed", target(stub(|_| async { Ok(json!({ "statusCode": "?" })) }), false)),
        ("POST", "/slow", target(slow(), false)),
        ("POST", "/gateway", Target { timeout: Duration::ZERO, ..target(patient(), false) }),
        ("POST", "/gateway-stream", Target { timeout: Duration::ZERO, ..target(patient(), true) }),
        ("POST", "/whole", target(whole(), true)),
        ("POST", "/stream", target(streams(), false)),
    ]);
    let (forbidden, failed) = ("Missing Authentication Token", "Internal server error");
    for (path, status, message) in [
        ("/api/nothing", 403, forbidden),
        ("/api/get", 403, forbidden),
        ("/api/failing", 502, failed),
        ("/api/failing-stream", 502, failed),
        ("/api/malformed", 502, failed),
        ("/api/slow", 502, failed),
        ("/api/gateway", 504, "Endpoint request timed out"),
        ("/api/gateway-stream", 504, "Endpoint request timed out"),
        ("/api/whole", 502, failed),
        ("/api/stream", 502, failed),
    ] {
        assert_eq!(answer(&api, path, "").await, (status, json!({ "message": message })), "{path}");
    }
    let large = vec![b'x'; MAX_BODY_BYTES + 1];
    assert_eq!(answer(&api, "/api/failing", large).await, (413, json!({ "message": "Request Too Long" })));
}

#[tokio::test]
async fn a_stream_is_passed_on_piece_by_piece_and_dropped_with_the_body() {
    let (sender, pieces) = relay();
    let api = api(vec![("ANY", "/stream", target(streaming_stub(LONG, pieces), true))]);
    let response = send(&api, "/api/stream", "").await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body().into_data_stream();
    for piece in ["one", "two"] {
        assert!(body.next().now_or_never().is_none(), "there is nothing before {piece}");
        sender.send(piece).unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), piece);
    }
    assert!(!sender.is_closed());
    drop(body);
    assert!(sender.is_closed(), "the function learns that nobody listens");
}

#[tokio::test]
async fn the_gateway_breaks_off_what_is_silent_or_lasts_too_long() {
    let silent = || streaming_stub(LONG, |_| stream::pending().boxed());
    let routes = vec![
        ("POST", "/idle", target(silent(), true)),
        ("POST", "/long", Target { timeout: Duration::from_millis(1), ..target(silent(), true) }),
    ];
    let mut api = api(routes);
    Arc::get_mut(&mut api).unwrap().idle = Duration::from_millis(1);
    for path in ["/api/idle", "/api/long"] {
        let mut body = send(&api, path, "").await.into_body().into_data_stream();
        let error = body.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the gateway waits no longer", "{path}");
        assert!(body.next().await.is_none());
    }
}

#[tokio::test]
async fn a_function_that_times_out_or_panics_in_the_middle_breaks_its_stream_off() {
    let panics = |_| stream::once(async { panic!("on purpose") }).boxed();
    let api = api(vec![
        ("POST", "/slow", target(streaming_stub(Duration::from_millis(1), |_| stream::pending().boxed()), true)),
        ("POST", "/panic", target(streaming_stub(LONG, panics), true)),
    ]);
    for (path, message) in [("/api/slow", "timed out after 0 seconds"), ("/api/panic", "panicked: on purpose")] {
        let mut body = send(&api, path, "").await.into_body().into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap_err().to_string(), message);
        assert!(body.next().await.is_none());
    }
}

/// A function as libraries export it.
fn library(platform: &Platform) -> Result<edge::Function, ConfigError> {
    async fn events() -> Sse<impl futures_util::Stream<Item = Result<Event, Infallible>>> {
        Sse::new(stream::iter(["one", "two"]).map(|data| Ok(Event::default().data(data))))
    }
    async fn refuses() -> Result<Response<Body>, Failure> {
        Err(EdgeError::UnsupportedMediaType.into())
    }
    async fn panics() -> Response<Body> {
        panic!("on purpose")
    }
    let router = Router::new().route("/api/events", get(events)).route("/api/refuse", get(refuses));
    edge::Function::streaming::<EasyWriter>(platform, router.route("/api/panic", get(panics)))
}

/// A front door on a port.
struct Door {
    address: std::net::SocketAddr,
    _tasks: Tasks,
}

async fn open(rest: Arc<RestApi>) -> Door {
    let function = stub(|event| async move { Ok(json!({ "statusCode": 200, "body": event["rawPath"] })) });
    let target = http_api::Target { function, timeout: LONG };
    let routes = vec![Route::new("ANY", "/api/{proxy+}", target)];
    let http = HttpApi { id: "http".to_owned(), account: "000000000000".to_owned(), stamp: stamp(), routes };
    let door = Arc::new(FrontDoor { api: Some(Arc::new(http)), rest: Some(rest), sockets: None, uploads: None });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = Tasks::new();
    serve(&tasks, listener, door.router());
    Door { address, _tasks: tasks }
}

impl Door {
    /// Sends a request and leaves the answer on the way.
    async fn ask(&self, line: &str, headers: &str) -> TcpStream {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }

    async fn get(&self, path: &str) -> String {
        let mut connection = self.ask(&format!("GET {path}"), "").await;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Reads until `text` has come.
async fn read_until(connection: &mut TcpStream, text: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_ne!(connection.read_buf(&mut seen).await.unwrap(), 0, "{text} never came");
    }
}

#[tokio::test]
async fn every_piece_reaches_a_client_at_once_and_a_client_that_leaves_is_noticed() {
    let (sender, pieces) = relay();
    let door = open(api(vec![("GET", "/stream", target(streaming_stub(LONG, pieces), true))])).await;
    let mut connection = door.ask("GET /api/stream", "").await;
    for piece in ["one", "two"] {
        sender.send(piece).unwrap();
        // The next piece is not sent before this one is there.
        read_until(&mut connection, piece).await;
    }
    drop(connection);
    sender.closed().await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_not_taken_for_a_whole_one() {
    let (sender, pieces) = relay();
    let relayed = move |event| {
        let pieces = pieces(event).inspect(|piece| assert_ne!(piece, "panic", "on purpose"));
        pieces.boxed()
    };
    let door = open(api(vec![("GET", "/stream", target(streaming_stub(LONG, relayed), true))])).await;
    let mut connection = door.ask("GET /api/stream", "").await;
    sender.send("one").unwrap();
    read_until(&mut connection, "one").await;
    sender.send("panic").unwrap();
    let mut rest = String::new();
    // The connection ends without the chunk that would end the body.
    let _ = connection.read_to_string(&mut rest).await;
    assert!(!rest.contains("0\r\n\r\n"), "{rest}");
}

#[tokio::test]
async fn one_door_has_both_kinds_of_apis() {
    let function = of_library(library);
    let routes = ["/events", "/refuse", "/panic"].map(|path| ("GET", path, target(Arc::clone(&function), true)));
    let door = open(api(routes.into())).await;
    let events = door.get("/api/events?x=1").await;
    assert!(events.starts_with("HTTP/1.1 200"), "{events}");
    for part in ["content-type: text/event-stream", "x-content-type-options: nosniff", "data: one\n\n", "data: two\n\n"]
    {
        assert!(events.contains(part), "{part}: {events}");
    }
    let other = door.get("/api/other").await;
    assert!(other.contains("apigw-requestid") && other.ends_with("/api/other"), "{other}");
    for (path, status, code) in [("/api/refuse", 415, "UNSUPPORTED_MEDIA_TYPE"), ("/api/panic", 500, "INTERNAL_ERROR")]
    {
        let answer = door.get(path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code), "{answer}");
    }
    let mut wrong = door.ask("POST /api/events", "Content-Length: 0\r\n").await;
    read_until(&mut wrong, "Missing Authentication Token").await;
    let too_large = format!("Content-Length: {}\r\n", MAX_BODY_BYTES + 1);
    for (path, message) in [("/api/events", "Request Too Long"), ("/api/other", "Request Entity Too Large")] {
        read_until(&mut door.ask(&format!("POST {path}"), &too_large).await, message).await;
    }
}
