//! Whole stacks, as tests and people start them.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{Data, Stack, StackOptions, StartError};

const PRODUCT: &str = "easy-writer";

async fn stack() -> Stack {
    Stack::start(StackOptions::for_tests()).await.unwrap()
}

async fn send(stack: &Stack, request: http::request::Builder, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = request.header("content-type", "application/json").body(body).unwrap();
    let response = stack.http(PRODUCT, request).await.unwrap();
    (response.status(), serde_json::from_slice(response.body()).unwrap_or_default())
}

async fn get(stack: &Stack, request: http::request::Builder) -> Response<Bytes> {
    stack.http(PRODUCT, request.body(Bytes::new()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_request_needs_no_connection_and_is_measured_where_it_is_made() {
    let stack = stack().await;
    let credentials = json!({ "email": "a@example.com", "password": "pass123456" });
    let register = Request::post("/api/v1/auth/register");
    let ((status, _), usage) = store::measured(send(&stack, register, credentials)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(usage.table_calls > 0, "what the function does is seen by its caller");
    let (status, body) = send(&stack, Request::get("/api/v1/nothing/here"), Value::Null).await;
    assert_eq!((status, body), (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })));
}

#[tokio::test]
async fn queues_and_schedules_are_driven_by_hand() {
    let stack = stack().await;
    assert_eq!(stack.deliver("ReplayQueue").await.unwrap(), 0);
    let sqs = stack.platform("easy-writer-socket").unwrap().aws.sqs();
    let url = stack.sqs().queue_url(stack.queue_name("ReplayQueue").unwrap());
    sqs.send_message().queue_url(url).message_body("not a greeting").send().await.unwrap();
    assert_eq!(stack.deliver("EasyWriter-ReplayQueue").await.unwrap(), 1);
    stack.run_schedule("easy-writer-maintenance-cron").await.unwrap();
    assert_eq!(stack.expire_items().unwrap(), 0);
}

#[tokio::test]
async fn unknown_names_are_told() {
    let stack = stack().await;
    assert_eq!(stack.base_url("nobody").unwrap_err().to_string(), "no product is called nobody, or several are");
    assert!(stack.deliver("Nothing").await.is_err());
    assert!(stack.deliver("ReplayDeadLetters").await.is_err(), "no function reads it");
    assert!(stack.run_schedule("easy-writer-auth").await.is_err());
    assert!(stack.invoke("nothing", &json!({})).await.is_err());
}

#[tokio::test]
async fn an_event_reaches_a_function_by_name() {
    let stack = stack().await;
    let event = json!({
        "version": "2.0",
        "rawPath": "/api/v1/tools/tabs",
        "rawQueryString": "",
        "headers": { "host": "localhost" },
        "requestContext": { "http": { "method": "GET", "path": "/api/v1/tools/tabs" }, "stage": "$default" },
        "isBase64Encoded": false,
    });
    let answer: Value = serde_json::from_str(stack.invoke("easy-writer-tools", &event).await.unwrap().get()).unwrap();
    assert_eq!(answer["statusCode"], 200);
}

#[tokio::test]
async fn uploads_are_served_with_types_ranges_and_caching() {
    let stack = stack().await;
    let s3 = stack.platform("easy-writer-tools").unwrap().aws.s3();
    let bucket = stack.bucket_name(PRODUCT).unwrap();
    let body = Bytes::from_static(b"0123456789").into();
    s3.put_object()
        .bucket(bucket)
        .key("uploads/images/a b.png")
        .content_type("image/png")
        .body(body)
        .send()
        .await
        .unwrap();

    let whole = get(&stack, Request::get("/uploads/images/a%20b.png")).await;
    assert_eq!((whole.status(), whole.body().as_ref()), (StatusCode::OK, b"0123456789".as_slice()));
    assert_eq!(whole.headers()["content-type"], "image/png");
    assert_eq!(whole.headers()["cache-control"], "public, max-age=31536000, immutable");

    let part = get(&stack, Request::get("/uploads/images/a%20b.png").header("range", "bytes=2-4")).await;
    assert_eq!((part.status(), part.body().as_ref()), (StatusCode::PARTIAL_CONTENT, b"234".as_slice()));
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");

    let head = get(&stack, Request::head("/uploads/images/a%20b.png")).await;
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    assert_eq!(head.headers()["content-length"], "10");

    let known = Request::get("/uploads/images/a%20b.png").header("if-none-match", &whole.headers()["etag"]);
    assert_eq!(get(&stack, known).await.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(get(&stack, Request::get("/uploads/missing.png")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&stack, Request::get("/uploads/../secret")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&stack, Request::put("/uploads/new.png")).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_session_runs_by_itself_and_is_watched_over_a_socket() {
    let stack = Stack::start(StackOptions { pollers: true, ..StackOptions::for_tests() }).await.unwrap();
    let credentials = json!({ "email": "a@example.com", "password": "pass123456" });
    let (_, registered) = send(&stack, Request::post("/api/v1/auth/register"), credentials).await;
    let token = registered["data"]["access_token"].as_str().unwrap();
    let execute = Request::post("/api/v1/tools/essay/execute").header("authorization", format!("Bearer {token}"));
    let run = json!({ "input": { "topic": "Тишина" }, "mode": "standard" });
    let (status, started) = send(&stack, execute, run).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let path = started["data"]["websocket_url"].as_str().unwrap();
    let url = format!("{}{path}?token={token}", stack.socket_url(PRODUCT).unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut events = Vec::new();
    while events.last().is_none_or(|last| last != "completed") {
        let frame: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
        events.push(frame["event"].as_str().unwrap().to_owned());
    }
    drop(socket);
    assert_eq!(events.first().map(String::as_str), Some("connected"));
    assert!(stack.shutdown().await);
}

#[tokio::test]
async fn state_survives_a_restart() {
    let scratch = tempfile::TempDir::new().unwrap();
    let start = async || {
        let data = Data::Folder(scratch.path().join("data"));
        Stack::start(StackOptions { data, ..StackOptions::for_tests() }).await.unwrap()
    };
    let credentials = json!({ "email": "a@example.com", "password": "pass123456" });
    let first = start().await;
    let (_, registered) = send(&first, Request::post("/api/v1/auth/register"), credentials.clone()).await;
    assert!(first.shutdown().await);

    let second = start().await;
    let (status, _) = send(&second, Request::post("/api/v1/auth/login"), credentials).await;
    assert_eq!(status, StatusCode::OK);
    let token = registered["data"]["access_token"].as_str().unwrap();
    let me = Request::get("/api/v1/auth/me").header("authorization", format!("Bearer {token}"));
    assert_eq!(send(&second, me, Value::Null).await.0, StatusCode::OK, "the key that signs tokens is the same");
}

#[tokio::test]
async fn the_functions_variables_are_written_for_who_runs_them_elsewhere() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = Data::Folder(folder.path().to_owned());
    let stack = Stack::start(StackOptions { data, ..StackOptions::for_tests() }).await.unwrap();
    let text = std::fs::read_to_string(folder.path().join("easy-writer.env")).unwrap();
    assert!(!text.contains("is left out"), "all functions of a product can have one file: {text}");
    for function in ["easy-writer-tools", "easy-writer-image-worker"] {
        let vars = &stack.platform(function).unwrap().vars;
        for name in ["TABLE_NAME", "TOKEN_KEYS", "SOCKET_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"] {
            let Some(value) = vars.get(name) else { continue };
            assert!(text.lines().any(|line| line == format!("{name}='{value}'")), "{name} of {function}");
        }
    }
    assert!(!text.contains("AWS_LAMBDA_FUNCTION_NAME"), "each function has its own");
}

#[tokio::test]
async fn functions_can_be_somewhere_else() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let functions_at = [("easy-writer".to_owned(), nobody.to_string())].into();
    let options = StackOptions { functions_at, ..StackOptions::for_tests() };
    let stack = Stack::start(options).await.unwrap();
    let error = stack.invoke("easy-writer-tools", &json!({})).await.unwrap_err().to_string();
    assert!(error.contains(&format!("easy-writer-tools is to run at {nobody}")), "{error}");
    let response = get(&stack, Request::get("/api/v1/tools/tabs")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "as if the function had crashed");
    let other = stack.invoke("aggregator-maintenance-cron", &json!({})).await;
    assert!(other.is_ok(), "functions of other products stay: {other:?}");
}

#[tokio::test]
async fn a_wrong_parameter_stops_the_start() {
    let with = |name: &str, value: &str| {
        let parameters = [(name.to_owned(), value.to_owned())].into();
        Stack::start(StackOptions { parameters, preload: true, ..StackOptions::for_tests() })
    };
    match with("Typo", "x").await {
        Err(StartError::Template(error)) => {
            assert!(error.to_string().ends_with("Parameters.Typo: is not a parameter of this template"));
        }
        other => panic!("{:?}", other.err()),
    }
    match with("EasyWriterRateLimitLogin", "often").await {
        Err(StartError::Function { cause, .. }) => assert!(cause.to_string().contains("RATE_LIMIT_LOGIN"), "{cause}"),
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn the_start_page_lists_what_runs() {
    let stack = stack().await;
    let page = fetch(&stack, "/").await;
    for expected in ["Easy Writer", "EasyWriter-GenerationQueue", "dead letters"] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(
        fetch(&stack, "/reference/easy-writer")
            .await
            .contains(&stack.base_url(PRODUCT).unwrap().replace("127.0.0.1", "localhost"))
    );
    let description: Value = serde_json::from_str(&fetch(&stack, "/reference/easy-writer/openapi.json").await).unwrap();
    assert!(description["paths"]["/api/v1/auth/login"].is_object());
}

#[tokio::test]
async fn the_console_tells_what_runs_and_admits_no_foreign_scripts() {
    let stack = stack().await;
    get(&stack, Request::get("/api/v1/tools/tabs")).await;
    let state: Value = serde_json::from_str(&fetch(&stack, "/state.json").await).unwrap();
    let functions = state["functions"].as_array().unwrap();
    let tools = functions.iter().find(|function| function["name"] == "easy-writer-tools").unwrap();
    assert_eq!((&tools["invocations"], &tools["failures"]), (&json!(1), &json!(0)));
    assert!(tools["latest_milliseconds"].is_u64());
    let queues = state["queues"].as_array().unwrap();
    let dead = queues.iter().find(|queue| queue["name"] == "EasyWriter-GenerationDeadLetters").unwrap();
    assert_eq!((&dead["dead_letters"], &dead["waiting"]), (&json!(true), &json!(0)));

    let product = stack.base_url(PRODUCT).unwrap();
    let port = product.rsplit(':').next().unwrap();
    for path in ["/easy-writer", "/easy-writer/signed-in", "/easy-writer/paid?payment_id=1"] {
        assert!(fetch(&stack, path).await.contains(&format!("data-port=\"{port}\"")), "{path}");
    }
    for path in ["/", "/easy-writer", "/easy-writer/app.js", "/reference/easy-writer", "/state.json"] {
        let head = answer(&stack, path).await;
        for header in ["x-content-type-options: nosniff", "referrer-policy: no-referrer", "script-src 'self';"] {
            assert!(head.contains(header), "{path}: {header}");
        }
    }
    assert!(answer(&stack, "/nothing").await.starts_with("HTTP/1.1 404"));
}

/// The body of a page of the console.
async fn fetch(stack: &Stack, path: &str) -> String {
    let answer = answer(stack, path).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// The whole answer of the console, headers included.
async fn answer(stack: &Stack, path: &str) -> String {
    let address = stack.console_url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    answer
}
