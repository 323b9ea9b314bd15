//! WebSocket APIs through real connections: handshakes, frames, limits, the management endpoint.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tower::ServiceExt as _;

use super::socket_api::{SocketApi, SocketLimits};
use super::socket_management;
use super::stamp::tests::stamp;
use crate::front_door::FrontDoor;
use crate::function::Function;
use crate::function::tests::stub;
use crate::ports;
use crate::serve::serve;
use crate::tasks::Tasks;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A WebSocket API whose function refuses the token `bad`, picks the protocol `v1` if it is asked for one, and reports every event.
struct Fixture {
    api: Arc<SocketApi>,
    address: String,
    events: UnboundedReceiver<Value>,
}

impl Fixture {
    async fn new(limits: SocketLimits) -> Self {
        let (seen, events) = unbounded_channel();
        let function = stub(move |event| {
            seen.send(event.clone()).unwrap();
            async move {
                match event["queryStringParameters"]["token"].as_str() {
                    Some("bad") => Ok(json!({ "statusCode": 401, "body": "no" })),
                    Some("broken") => Err("broken".into()),
                    _ if event["body"] == "fail" => Err("broken".into()),
                    _ if event["headers"]["Sec-WebSocket-Protocol"].is_string() => {
                        Ok(json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "v1" } }))
                    }
                    _ => Ok(json!({ "statusCode": 200 })),
                }
            }
        });
        Self::of(limits, function, events).await
    }

    async fn of(limits: SocketLimits, function: Arc<Function>, events: UnboundedReceiver<Value>) -> Self {
        let routes = ["$connect", "$disconnect", "$default"].map(|key| (key.to_owned(), Arc::clone(&function)));
        let tasks = Tasks::new();
        let api = Arc::new(SocketApi {
            id: "api-id".to_owned(),
            stage: "live".to_owned(),
            routes: routes.into(),
            stamp: stamp(),
            limits,
            tasks: tasks.clone(),
            connections: std::sync::Mutex::default(),
        });
        let listener = ports::free("test").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let door = Arc::new(FrontDoor { api: None, rest: None, sockets: Some(Arc::clone(&api)), uploads: None });
        serve(&tasks, listener, door.router());
        Self { api, address, events }
    }

    async fn connect(&self, path: &str) -> Result<Client, Error> {
        connect_async(format!("ws://{}{path}", self.address)).await.map(|(client, _)| client)
    }

    async fn event(&mut self) -> Value {
        self.events.recv().await.unwrap()
    }

    /// An open connection and its id.
    async fn open(&mut self) -> (Client, String) {
        let client = self.connect("/ws/job/7?token=good").await.unwrap();
        let id = self.event().await["requestContext"]["connectionId"].as_str().unwrap().to_owned();
        (client, id)
    }

    /// Status, error type and body of a call to the management endpoint.
    async fn manage(&self, method: &str, id: &str, body: &str) -> (u16, Option<String>, Value) {
        let uri = format!("/live/@connections/{}", id.replace('=', "%3D"));
        let request = Request::builder().method(method).uri(uri).body(axum::body::Body::from(body.to_owned())).unwrap();
        let response = socket_management::router(Arc::clone(&self.api)).oneshot(request).await.unwrap();
        let kind = response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// The code of the closing frame that ends the connection.
async fn closing_code(client: &mut Client) -> CloseCode {
    let mut code = None;
    while let Some(message) = client.next().await {
        if let Message::Close(Some(frame)) = message.unwrap() {
            code = Some(frame.code);
        }
    }
    code.unwrap()
}

#[tokio::test]
async fn a_handshake_is_decided_by_the_function_before_the_client_hears() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, id) = fixture.open().await;
    assert!(fixture.api.find(&id).is_some());
    client.close(None).await.unwrap();
    let farewell = fixture.event().await;
    assert_eq!(farewell["requestContext"]["eventType"], "DISCONNECT");
    assert_eq!(farewell["requestContext"]["connectionId"], id);
    assert_eq!(farewell["requestContext"]["disconnectStatusCode"], 1005);
    assert!(fixture.api.find(&id).is_none());
}

#[tokio::test]
async fn a_refused_handshake_has_the_functions_status() {
    let fixture = Fixture::new(SocketLimits::default()).await;
    for (path, status) in [("/ws/job/7?token=bad", 401), ("/ws/job/7?token=broken", 502)] {
        match fixture.connect(path).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), status),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!(fixture.api.count(), 0);
}

#[tokio::test]
async fn the_function_sees_the_original_path_and_picks_the_protocol() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let mut request = format!("ws://{}/ws/job/7?token=good", fixture.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "v0, v1".parse().unwrap());
    let (_client, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "v1");
    let event = fixture.event().await;
    assert_eq!(event["queryStringParameters"], json!({ "path": "/ws/job/7", "token": "good" }));
    assert_eq!(event["headers"]["Sec-WebSocket-Protocol"], "v0, v1");
}

#[tokio::test]
async fn a_plain_request_for_a_socket_is_told_to_upgrade() {
    let fixture = Fixture::new(SocketLimits::default()).await;
    let mut stream = TcpStream::connect(&fixture.address).await.unwrap();
    let request = b"GET /ws/job/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
}

#[tokio::test]
async fn messages_reach_the_default_route_and_failures_are_told() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, id) = fixture.open().await;
    client.send(Message::text("hello")).await.unwrap();
    let event = fixture.event().await;
    assert_eq!(
        (event["body"].as_str(), event["requestContext"]["routeKey"].as_str()),
        (Some("hello"), Some("$default"))
    );
    assert!(event.get("queryStringParameters").is_none());
    client.send(Message::text("fail")).await.unwrap();
    let complaint: Value = serde_json::from_str(client.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(
        (complaint["message"].as_str(), complaint["connectionId"].as_str()),
        (Some("Internal server error"), Some(id.as_str()))
    );
}

#[tokio::test]
async fn posts_reach_the_client_in_order() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, id) = fixture.open().await;
    for text in ["one", "two", "три"] {
        assert_eq!(fixture.manage("POST", &id, text).await.0, 200);
    }
    for text in ["one", "two", "три"] {
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
    }
    let (status, _, shown) = fixture.manage("GET", &id, "").await;
    assert_eq!((status, shown["identity"]["sourceIp"].as_str()), (200, Some("127.0.0.1")));
}

#[tokio::test]
async fn a_deleted_connection_is_closed_and_then_gone() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, id) = fixture.open().await;
    assert_eq!(fixture.manage("DELETE", &id, "").await.0, 204);
    assert_eq!(closing_code(&mut client).await, CloseCode::Normal);
    fixture.event().await;
    for method in ["POST", "GET", "DELETE"] {
        let (status, kind, _) = fixture.manage(method, &id, "late").await;
        assert_eq!((status, kind.as_deref()), (410, Some("GoneException")), "{method}");
    }
}

#[tokio::test]
async fn posting_inside_connect_finds_nobody() {
    let (seen, events) = unbounded_channel();
    let go_on = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&go_on);
    let function = stub(move |event| {
        seen.send(event).unwrap();
        let told = Arc::clone(&told);
        async move {
            told.notified().await;
            Ok(json!({ "statusCode": 200 }))
        }
    });
    let mut fixture = Fixture::of(SocketLimits::default(), function, events).await;
    let address = format!("ws://{}/ws/job/7", fixture.address);
    let (client, id) = tokio::join!(connect_async(address), async {
        let event = fixture.event().await;
        let id = event["requestContext"]["connectionId"].as_str().unwrap().to_owned();
        assert_eq!(fixture.manage("POST", &id, "early").await.0, 410);
        go_on.notify_one();
        id
    });
    assert_eq!(fixture.manage("POST", &id, "now").await.0, 200);
    assert_eq!(client.unwrap().0.next().await.unwrap().unwrap(), Message::text("now"));
}

#[tokio::test]
async fn frames_and_messages_have_limits() {
    let limits = SocketLimits::default();
    let mut fixture = Fixture::new(limits).await;

    let (mut client, _) = fixture.open().await;
    client.send(Message::text("x".repeat(limits.frame))).await.unwrap();
    assert_eq!(fixture.event().await["body"].as_str().map(str::len), Some(limits.frame));
    client.send(Message::text("x".repeat(limits.frame + 1))).await.unwrap();
    assert_eq!(closing_code(&mut client).await, CloseCode::Size);
    assert_eq!(fixture.event().await["requestContext"]["disconnectStatusCode"], 1009);

    let (mut client, id) = fixture.open().await;
    for number in 0..=limits.message / limits.frame {
        let opcode = if number == 0 { Data::Text } else { Data::Continue };
        let header = FrameHeader { is_final: false, opcode: OpCode::Data(opcode), ..FrameHeader::default() };
        client.send(Message::Frame(Frame::from_payload(header, vec![b'x'; limits.frame].into()))).await.unwrap();
    }
    assert_eq!(closing_code(&mut client).await, CloseCode::Size);
    fixture.event().await;

    let (status, kind, _) = fixture.manage("POST", &id, &"x".repeat(limits.message + 1)).await;
    assert_eq!((status, kind.as_deref()), (413, Some("PayloadTooLargeException")));
}

#[tokio::test]
async fn binary_frames_are_not_supported() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, _) = fixture.open().await;
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(closing_code(&mut client).await, CloseCode::Unsupported);
}

#[tokio::test]
async fn silent_and_old_connections_are_closed() {
    let silent = SocketLimits { idle: Duration::ZERO, ..SocketLimits::default() };
    let old = SocketLimits { lifetime: Duration::ZERO, ..SocketLimits::default() };
    for limits in [silent, old] {
        let mut fixture = Fixture::new(limits).await;
        let (mut client, _) = fixture.open().await;
        assert_eq!(closing_code(&mut client).await, CloseCode::Away);
        assert_eq!(fixture.event().await["requestContext"]["disconnectStatusCode"], 1001);
    }
}

#[tokio::test]
async fn a_stopping_stack_says_farewell() {
    let mut fixture = Fixture::new(SocketLimits::default()).await;
    let (mut client, _) = fixture.open().await;
    let tasks = fixture.api.tasks.clone();
    let (code, finished) = tokio::join!(closing_code(&mut client), tasks.drain(Duration::from_secs(10)));
    assert_eq!((code, finished), (CloseCode::Away, true));
}
