//! The local stack as people use it: over real connections, side by side, and killed without warning.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use deployed::{Functions, Operator, Outcome, Queues, Site, journeys};
use futures_util::StreamExt as _;
use quintet::{Stack, StackOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error as SocketError;

/// A user of a stack that is somewhere on this machine.
struct User {
    base: String,
    client: reqwest::Client,
    token: String,
}

impl User {
    async fn register(base: &str) -> Self {
        let client = reqwest::Client::new();
        let body = json!({ "email": "user@example.com", "password": "pass123456" });
        let answer = client.post(format!("{base}/api/v1/auth/register")).json(&body).send().await.expect("answer");
        let answer: Value = answer.json().await.expect("JSON");
        let token = answer["data"]["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Self { base: base.to_owned(), client, token }
    }

    /// The same user, after the stack has moved.
    fn at(self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self }
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token);
        let answer: Value = request.send().await.expect("answer").json().await.expect("JSON");
        answer["data"].clone()
    }

    async fn execute(&self, tool: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/tools/{tool}/execute", self.base);
        let request = self.client.post(url).bearer_auth(&self.token).json(&body);
        let answer: Value = request.send().await.expect("answer").json().await.expect("JSON");
        assert_eq!(answer["success"], true, "{answer}");
        answer["data"].clone()
    }

    fn socket_url(&self, path: &str) -> String {
        format!("{}{path}?token={}", self.base.replacen("http", "ws", 1), self.token)
    }

    /// Watches until an event of this name, or the end. The frames.
    async fn watch_until(&self, path: &str, event: &str) -> Vec<Value> {
        let (mut socket, _) = connect_async(self.socket_url(path)).await.expect("handshake");
        let mut frames: Vec<Value> = Vec::new();
        while let Some(message) = socket.next().await {
            let Ok(message) = message else { break };
            if !message.is_text() {
                continue;
            }
            let frame: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            let name = frame["event"].as_str().unwrap_or_default().to_owned();
            frames.push(frame);
            if name == event || name == "error" {
                break;
            }
        }
        frames
    }
}

fn names(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["event"].as_str().unwrap_or_default()).collect()
}

fn assert_told_once(frames: &[Value]) {
    let names = names(frames);
    assert_eq!((names.first(), names.last()), (Some(&"connected"), Some(&"completed")), "{names:?}");
    for name in ["connected", "completed"] {
        assert_eq!(names.iter().filter(|found| **found == name).count(), 1, "{name} in {names:?}");
    }
    for name in ["step_started", "step_completed"] {
        let steps: Vec<_> = frames.iter().filter(|frame| frame["event"] == name).map(|frame| &frame["step"]).collect();
        assert_eq!(steps, [1, 2, 3, 4], "{name} in {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_works_over_real_connections() {
    let options = StackOptions { pollers: true, ..StackOptions::for_tests() };
    let stack = Stack::start(options).await.expect("stack");
    let user = User::register(&stack.base_url("easy-writer").expect("address")).await;

    let body = json!({ "input": { "text": "Превет мир" }, "mode": "quick" });
    assert_eq!(user.execute("spell_check", body).await["result"], "Привет мир");

    let started = user.execute("essay", json!({ "input": { "topic": "Осень" }, "mode": "standard" })).await;
    let path = started["websocket_url"].as_str().expect("where to watch").to_owned();
    let (early, twin) = tokio::join!(user.watch_until(&path, "completed"), user.watch_until(&path, "completed"));
    assert_told_once(&early);
    assert_told_once(&twin);
    assert_told_once(&user.watch_until(&path, "completed").await);

    let cost = early.last().expect("the end")["cost_raits"].as_i64().expect("cost");
    assert_eq!(user.get("/user/balance").await["balance"], 95 - cost);
    assert!(stack.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_as_old_when_it_is_read_as_when_it_was_opened() {
    let stack = Stack::start(StackOptions::for_tests()).await.expect("stack");
    let base = stack.base_url("easy-writer").expect("address");
    let body = json!({ "email": "user@example.com", "password": "pass123456" });
    let register = reqwest::Client::new().post(format!("{base}/api/v1/auth/register")).json(&body);
    let answer: Value = register.send().await.expect("answer").json().await.expect("JSON");
    let token = answer["data"]["access_token"].as_str().expect("token").to_owned();
    let user = User { base, client: reqwest::Client::new(), token };
    assert_eq!(user.get("/auth/me").await["created_at"], answer["data"]["user"]["created_at"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_without_a_right_to_watch_is_refused() {
    let stack = Stack::start(StackOptions::for_tests()).await.expect("stack");
    let user = User::register(&stack.base_url("easy-writer").expect("address")).await;
    let started = user.execute("essay", json!({ "input": { "topic": "Осень" }, "mode": "standard" })).await;
    let path = started["websocket_url"].as_str().expect("where to watch");
    let good = user.socket_url(path);
    let cases = [
        (good.replace("?token=", "?token=x"), 401),
        (good.split('?').next().expect("path").to_owned(), 401),
        (user.socket_url("/ws/generation/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f"), 404),
        (user.socket_url("/ws/other/1"), 404),
    ];
    for (url, status) in cases {
        match connect_async(&url).await {
            Err(SocketError::Http(answer)) => assert_eq!(answer.status(), status, "{url}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stacks_run_side_by_side() {
    let (one, two) = tokio::join!(Stack::start(StackOptions::for_tests()), Stack::start(StackOptions::for_tests()));
    let (one, two) = (one.expect("one"), two.expect("two"));
    // The same address registers in both: they share nothing.
    User::register(&one.base_url("easy-writer").expect("address")).await;
    User::register(&two.base_url("easy-writer").expect("address")).await;
}

/// A stack in a process of its own; killed without warning when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where Easy Writer is.
    pub(crate) easy_writer: String,
    /// Where AI Aggregator is.
    pub(crate) aggregator: String,
    /// Where the sandbox is.
    pub(crate) sandbox: String,
}

impl Process {
    /// Starts one with its state in `folder`, whose clock is so many seconds ahead.
    pub(crate) fn start(folder: &Path, seconds_ahead: u32, parameters: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stack-process"))
            .args([folder.as_os_str(), seconds_ahead.to_string().as_ref()])
            .args(parameters.iter().map(|(name, value)| format!("{name}={value}")))
            .stdout(Stdio::piped())
            .spawn()
            .expect("process");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let mut address = || lines.next().expect("an address").expect("text");
        Self { easy_writer: address(), aggregator: address(), sandbox: address(), child }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL on Unix.
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_is_killed_in_the_middle_of_a_run_finishes_it_after_its_restart() {
    let folder = TempDir::new().expect("a folder");
    let process = Process::start(folder.path(), 0, &[]);
    let user = User::register(&process.easy_writer).await;
    let started = user.execute("essay", json!({ "input": { "topic": "Осень" }, "mode": "standard" })).await;
    let path = started["websocket_url"].as_str().expect("where to watch").to_owned();
    let seen = user.watch_until(&path, "step_completed").await;
    assert_eq!(names(&seen).last(), Some(&"step_completed"), "{seen:?}");
    drop(process);

    // Long enough for the dead worker's lease to be over.
    let process = Process::start(folder.path(), 120, &[]);
    let user = user.at(&process.easy_writer);
    let frames = user.watch_until(&path, "completed").await;
    assert_told_once(&frames);
    let known = seen.iter().zip(&frames).filter(|(before, after)| before == after).count();
    assert_eq!(known, seen.len(), "what was told before the kill is what is told after it: {seen:?} {frames:?}");
    let cost = frames.last().expect("the end")["cost_raits"].as_i64().expect("cost");
    assert_eq!(user.get("/user/balance").await["balance"], 100 - cost);
    let transactions = user.get("/user/transactions").await;
    assert_eq!(transactions["pagination"]["total"], 2, "{transactions}");
    assert_eq!(transactions["transactions"][0]["amount"], -cost);
}

/// The functions of a stack in this process.
struct Here(Arc<Stack>);

#[async_trait]
impl Functions for Here {
    async fn call(&self, function: &str, event: &Value) -> Outcome {
        self.0.invoke(function, event).await?;
        Ok(())
    }
}

/// Makes the journeys through a deployed product in a stack here, with these parameters. They wait for these queues.
async fn travel(product: &str, queues: &[&str], parameters: &[(&str, &str)]) {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = StackOptions { pollers: true, parameters, ..StackOptions::for_tests() };
    let stack = Arc::new(Stack::start(options).await.expect("stack"));
    let url = |name: &str| stack.sqs().queue_url(stack.queue_name(name).expect("queue"));
    let queues: Queues = queues.iter().map(|name| ((*name).to_owned(), url(name))).collect();
    let aws = &stack.platform(&format!("{product}-maintenance-cron")).expect("function").aws;
    let table = stack.table_name(product).expect("table");
    let operator = Operator::new(aws, table, queues, Box::new(Here(Arc::clone(&stack))));
    let base = stack.base_url(product).expect("address");
    let site = Site::new(&base, &stack.sandbox_url(), operator).expect("site");
    for (name, journey) in journeys::of(product).expect("journeys") {
        journey(&site).await.unwrap_or_else(|cause| panic!("{name}: {cause}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journeys_through_a_deployed_easy_writer_go_through_this_one_as_well() {
    let queues = ["GenerationQueue", "GenerationDeadLetters", "ImageQueue", "ReplayQueue"];
    let many = [("EasyWriterRateLimitRegister", "1000/60"), ("EasyWriterRateLimitLogin", "1000/60")];
    travel("easy-writer", &queues, &many).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journeys_through_a_deployed_aggregator_go_through_this_one_as_well() {
    let many = [
        ("AggregatorRateLimitAuth", "1000/60"),
        ("AggregatorRateLimitBilling", "100000/60"),
        ("AggregatorRateLimitGroup", "100000/60"),
        ("AggregatorWebhookAllowPrivate", "true"),
    ];
    travel("aggregator", &["UsageQueue", "WebhookQueue"], &many).await;
}
