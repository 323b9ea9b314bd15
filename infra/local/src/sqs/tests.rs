//! The engine through the real SDK client, and through raw requests where the client hides the wire.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message as Received, MessageAttributeValue, MessageSystemAttributeName as System,
    MessageSystemAttributeNameForSends as SystemForSends, MessageSystemAttributeValue, QueueAttributeName as Attribute,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};
use axum::body::to_bytes;
use axum::http::Request;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::*;

/// 2026-01-02T03:04:05Z.
const START: i64 = 1_767_323_045_000;
/// The longest wait that a request may ask for, in seconds: four times what [`ends`] allows.
const LONG: i32 = 20;

/// An engine behind a real socket, its client, and its clock.
struct Fixture {
    engine: Engine,
    sqs: Client,
    now: Arc<AtomicI64>,
    _server: JoinSet<()>,
}

impl Fixture {
    async fn new() -> Self {
        Self::at(None, START).await
    }

    async fn at(path: Option<&Path>, start: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let now = Arc::new(AtomicI64::new(start));
        let engine = Engine::open(path, config(&base_url, &now)).unwrap();
        let router = engine.router();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let sdk = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(&base_url)
            .build();
        Self { engine, sqs: Client::from_conf(sdk), now, _server: server }
    }

    fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::SeqCst);
        self.engine.wake();
    }

    async fn queue(&self, name: &str, attributes: &[(Attribute, &str)]) -> String {
        let attributes = attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
        let created = self.sqs.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await.unwrap();
        created.queue_url.unwrap()
    }

    async fn send(&self, url: &str, body: &str) -> String {
        self.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
    }

    async fn send_to_group(&self, url: &str, group: &str, body: &str) -> String {
        let send = self.sqs.send_message().queue_url(url).message_body(body).message_group_id(group);
        send.message_deduplication_id(body).send().await.unwrap().message_id.unwrap()
    }

    async fn receive(&self, url: &str) -> Vec<Received> {
        let receive = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(System::All).message_attribute_names("All");
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    async fn bodies(&self, url: &str) -> Vec<String> {
        self.receive(url).await.into_iter().filter_map(|message| message.body).collect()
    }

    async fn change_visibility(&self, url: &str, message: &Received, seconds: i32) -> Result<(), String> {
        let change = self.sqs.change_message_visibility().queue_url(url).receipt_handle(handle(message));
        let changed = change.visibility_timeout(seconds).send().await;
        changed.map(drop).map_err(|error| error.code().unwrap().to_owned())
    }

    async fn delete(&self, url: &str, message: &Received) -> Result<(), String> {
        let deleted = self.sqs.delete_message().queue_url(url).receipt_handle(handle(message)).send().await;
        deleted.map(drop).map_err(|error| error.code().unwrap().to_owned())
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, name: &str) -> [u64; 3] {
        let counts = self.engine.counts().await.unwrap()[name];
        [counts.visible, counts.in_flight, counts.delayed]
    }

    /// One raw request: status, `x-amzn-query-error` and body.
    async fn raw(&self, path: &str, action: &str, body: &str) -> (StatusCode, String, Value) {
        let request = Request::post(path).header("x-amz-target", format!("AmazonSQS.{action}"));
        let response = self.engine.router().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers["content-type"], "application/x-amz-json-1.0");
        assert_eq!(parts.headers["x-amzn-requestid"].len(), 36);
        let code = parts.headers.get("x-amzn-query-error").map_or("", |value| value.to_str().unwrap()).to_owned();
        (parts.status, code, serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap())
    }
}

fn config(base_url: &str, now: &Arc<AtomicI64>) -> Config {
    let now = Arc::clone(now);
    Config {
        account: "000000000000".to_owned(),
        region: "eu-central-1".to_owned(),
        base_url: base_url.to_owned(),
        clock: Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap()),
    }
}

/// Lets a long poll get to the point where it waits.
async fn waits<F: Future>(poll: &mut Pin<&mut F>) {
    let ended = timeout(Duration::from_millis(50), poll).await.is_ok();
    assert!(!ended, "the poll must wait");
}

/// The result of a long poll that was woken, not of one whose time was up.
async fn ends<F: Future>(poll: Pin<&mut F>) -> F::Output {
    timeout(Duration::from_secs(5), poll).await.expect("the poll must end")
}

fn handle(message: &Received) -> &str {
    message.receipt_handle().unwrap()
}

fn system(message: &Received, name: &System) -> String {
    message.attributes().unwrap()[name].clone()
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

#[tokio::test]
async fn a_queue_is_created_once_and_found_by_name() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::VisibilityTimeout, "60")]).await;
    assert_eq!(url, it.engine.queue_url("jobs"));
    assert_eq!(it.queue("jobs", &[]).await, url);
    assert_eq!(it.queue("jobs", &[(Attribute::VisibilityTimeout, "60"), (Attribute::DelaySeconds, "0")]).await, url);

    let other = it.sqs.create_queue().queue_name("jobs").attributes(Attribute::VisibilityTimeout, "61").send().await;
    let error = other.unwrap_err().into_service_error();
    assert!(error.is_queue_name_exists());
    assert!(error.to_string().contains("different value for attribute VisibilityTimeout"), "{error}");

    let found = it.sqs.get_queue_url().queue_name("jobs").send().await.unwrap();
    assert_eq!(found.queue_url(), Some(url.as_str()));
    let missing = it.sqs.get_queue_url().queue_name("nope").send().await.unwrap_err().into_service_error();
    assert!(missing.is_queue_does_not_exist());
    for name in ["", "has space", "dot.ted", &"x".repeat(81)] {
        assert!(it.sqs.create_queue().queue_name(name).send().await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_deleted_queue_is_gone_with_its_messages() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    it.send(&url, "old").await;
    it.sqs.delete_queue().queue_url(&url).send().await.unwrap();
    let send = it.sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap_err().into_service_error();
    assert!(send.is_queue_does_not_exist());
    let receive = it.sqs.receive_message().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(receive.is_queue_does_not_exist());
    assert_eq!(it.bodies(&it.queue("jobs", &[]).await).await, [""; 0]);
}

#[tokio::test]
async fn queues_are_listed_by_prefix_and_page() {
    let it = Fixture::new().await;
    for name in ["b-2", "a-1", "b-1", "b-3"] {
        it.queue(name, &[]).await;
    }
    let names = |urls: &[String]| urls.iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    let all = it.sqs.list_queues().send().await.unwrap();
    assert_eq!(names(all.queue_urls()), ["a-1", "b-1", "b-2", "b-3"]);
    assert_eq!(all.next_token(), None);
    let first = it.sqs.list_queues().queue_name_prefix("b").max_results(2).send().await.unwrap();
    assert_eq!(names(first.queue_urls()), ["b-1", "b-2"]);
    let rest = it.sqs.list_queues().queue_name_prefix("b").max_results(2).next_token(first.next_token().unwrap());
    let rest = rest.send().await.unwrap();
    assert_eq!((names(rest.queue_urls()), rest.next_token()), (vec!["b-3".to_owned()], None));
}

#[tokio::test]
async fn attributes_have_defaults_ranges_and_counts() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::DelaySeconds, "5")]).await;
    it.send(&url, "delayed").await;
    it.advance(10);
    it.receive(&url).await;
    it.send(&url, "delayed").await;
    let set = it.sqs.set_queue_attributes().queue_url(&url).attributes(Attribute::VisibilityTimeout, "007");
    set.send().await.unwrap();

    let get = |name| it.sqs.get_queue_attributes().queue_url(&url).attribute_names(name).send();
    let all = get(Attribute::All).await.unwrap().attributes.unwrap();
    let all: BTreeMap<_, _> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesDelayed", "1"),
        ("ApproximateNumberOfMessagesNotVisible", "1"),
        ("CreatedTimestamp", "1767323045"),
        ("DelaySeconds", "5"),
        ("LastModifiedTimestamp", "1767323055"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("QueueArn", "arn:aws:sqs:eu-central-1:000000000000:jobs"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("VisibilityTimeout", "7"),
    ];
    assert_eq!(all, BTreeMap::from(expected));
    assert_eq!(get(Attribute::QueueArn).await.unwrap().attributes.unwrap().len(), 1);
    assert_eq!(get(Attribute::RedrivePolicy).await.unwrap().attributes, None);
    assert!(get("Nonsense".into()).await.unwrap_err().into_service_error().is_invalid_attribute_name());

    for (name, value, code) in [
        (Attribute::DelaySeconds, "901", "InvalidAttributeValue"),
        (Attribute::VisibilityTimeout, "x", "InvalidAttributeValue"),
        (Attribute::MessageRetentionPeriod, "59", "InvalidAttributeValue"),
        (Attribute::MaximumMessageSize, "1048577", "InvalidAttributeValue"),
        (Attribute::FifoQueue, "true", "InvalidAttributeName"),
        (Attribute::QueueArn, "x", "InvalidAttributeName"),
        (Attribute::RedrivePolicy, "{}", "InvalidParameterValue"),
    ] {
        let set = it.sqs.set_queue_attributes().queue_url(&url).attributes(name.clone(), value).send().await;
        assert_eq!(set.unwrap_err().code(), Some(code), "{name} {value}");
    }
}

#[tokio::test]
async fn a_message_arrives_as_sent() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let trace = MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1-2-3").build().unwrap();
    let raw = b"\x00\xff\x10".as_slice();
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(raw));
    let request = it.sqs.send_message().queue_url(&url).message_body("test \u{1F980}\n");
    let request = request.message_attributes("attr1", binary.build().unwrap());
    let sent = request.message_system_attributes(SystemForSends::AwsTraceHeader, trace).send().await.unwrap();
    // Computed apart, by the recipe of the developer guide.
    assert_eq!(sent.md5_of_message_attributes(), Some("9e2141eb6ac621f9090638d70ef2e1ac"));
    it.advance(2);

    let [message] = <[_; 1]>::try_from(it.receive(&url).await).unwrap();
    assert_eq!(message.body(), Some("test \u{1F980}\n"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(message.message_attributes().unwrap()["attr1"].binary_value().unwrap().as_ref(), raw);
    assert_eq!(
        message.attributes.unwrap(),
        HashMap::from([
            (System::SenderId, "000000000000".to_owned()),
            (System::SentTimestamp, START.to_string()),
            (System::ApproximateFirstReceiveTimestamp, (START + 2_000).to_string()),
            (System::ApproximateReceiveCount, "1".to_owned()),
            (System::AwsTraceHeader, "Root=1-2-3".to_owned()),
        ])
    );
}

#[tokio::test]
async fn a_receive_returns_only_the_attributes_asked_for() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::VisibilityTimeout, "0")]).await;
    let request = it.sqs.send_message().queue_url(&url).message_body("x").message_attributes("k", text("x"));
    let sent = request.message_attributes("trace.id", text("1")).message_attributes("trace.span", text("2"));
    sent.send().await.unwrap();
    for (wanted, expected) in
        [(vec![], vec![]), (vec!["k"], vec!["k"]), (vec!["trace.*"], vec!["trace.id", "trace.span"])]
    {
        let wanted = Some(wanted.into_iter().map(str::to_owned).collect());
        let received = it.sqs.receive_message().queue_url(&url).set_message_attribute_names(wanted).send().await;
        let message = received.unwrap().messages.unwrap().remove(0);
        let mut names: Vec<_> = message.message_attributes().into_iter().flat_map(HashMap::keys).collect();
        names.sort();
        assert_eq!(names, expected);
        assert_eq!(message.attributes(), None);
        if expected == ["k"] {
            // Computed apart, over this attribute alone.
            assert_eq!(message.md5_of_message_attributes(), Some("a45daa70926828a2f0a1db3418e6feb4"));
        }
    }
}

#[tokio::test]
async fn a_received_message_is_hidden_until_its_time_out() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    it.send(&url, "a").await;
    let first = it.receive(&url).await.remove(0);
    assert_eq!(it.counts("jobs").await, [0, 1, 0]);
    it.advance(29);
    assert_eq!(it.bodies(&url).await, [""; 0]);
    it.advance(1);
    let second = it.receive(&url).await.remove(0);
    assert_eq!(second.message_id(), first.message_id());
    assert_ne!(second.receipt_handle(), first.receipt_handle());
    assert_eq!(system(&second, &System::ApproximateReceiveCount), "2");
    assert_eq!(system(&second, &System::ApproximateFirstReceiveTimestamp), START.to_string());

    it.change_visibility(&url, &second, 100).await.unwrap();
    it.advance(99);
    assert_eq!(it.bodies(&url).await, [""; 0]);
    it.change_visibility(&url, &second, 0).await.unwrap();
    let third = it.receive(&url).await.remove(0);
    assert_eq!(system(&third, &System::ApproximateFirstReceiveTimestamp), START.to_string());
    it.delete(&url, &third).await.unwrap();
    it.advance(1_000);
    assert_eq!(it.counts("jobs").await, [0, 0, 0]);
}

#[tokio::test]
async fn receipts_of_a_standard_queue_age_as_on_aws() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    it.send(&url, "a").await;
    let stale = it.receive(&url).await.remove(0);
    it.advance(30);
    // Expired but not received again: still extends.
    it.change_visibility(&url, &stale, 10).await.unwrap();
    assert_eq!(it.bodies(&url).await, [""; 0]);
    it.advance(10);
    let current = it.receive(&url).await.remove(0);
    it.delete(&url, &stale).await.unwrap();
    assert_eq!(it.counts("jobs").await, [0, 1, 0]);
    it.delete(&url, &current).await.unwrap();
    assert_eq!(it.counts("jobs").await, [0, 0, 0]);
    it.delete(&url, &current).await.unwrap();
    assert_eq!(it.change_visibility(&url, &current, 0).await.unwrap_err(), "InvalidParameterValue");

    let elsewhere = it.queue("other", &[]).await;
    assert_eq!(it.delete(&elsewhere, &current).await.unwrap_err(), "ReceiptHandleIsInvalid");
    let garbage = Received::builder().receipt_handle("garbage").build();
    assert_eq!(it.delete(&url, &garbage).await.unwrap_err(), "ReceiptHandleIsInvalid");
    assert_eq!(it.change_visibility(&url, &garbage, 0).await.unwrap_err(), "ReceiptHandleIsInvalid");
    assert_eq!(it.change_visibility(&url, &current, 43_201).await.unwrap_err(), "InvalidParameterValue");
}

#[tokio::test]
async fn a_delayed_message_waits() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::DelaySeconds, "60")]).await;
    it.send(&url, "queue's delay").await;
    let own = it.sqs.send_message().queue_url(&url).message_body("own delay").delay_seconds(5);
    own.send().await.unwrap();
    assert_eq!(it.counts("jobs").await, [0, 0, 2]);
    it.advance(5);
    assert_eq!(it.bodies(&url).await, ["own delay"]);
    it.advance(55);
    assert_eq!(it.counts("jobs").await, [2, 0, 0]);
    let late = it.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(901).send().await;
    assert_eq!(late.unwrap_err().code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn a_message_must_have_content_of_the_right_size() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let send = |body: &str| it.sqs.send_message().queue_url(&url).message_body(body);
    assert_eq!(send("").send().await.unwrap_err().code(), Some("MissingParameter"));
    let invalid = send("a\u{1}b").send().await.unwrap_err().into_service_error();
    assert!(invalid.is_invalid_message_contents());
    assert!(send("\u{FFFE}").send().await.is_err());
    send("\t\r\n\u{E000}").send().await.unwrap();

    let full = "x".repeat(fault::MAX_MESSAGE_BYTES);
    send(&full).send().await.unwrap();
    let over = send(&format!("{full}x")).send().await.unwrap_err();
    assert_eq!(over.code(), Some("InvalidParameterValue"));
    assert!(over.message().unwrap().ends_with("Message must be shorter than 1048576 bytes."));
    // Names, types and values of attributes count: one byte each and six for "String".
    let with_attribute = |spare| send(&full[spare..]).message_attributes("k", text("v")).send();
    with_attribute(8).await.unwrap();
    assert!(with_attribute(7).await.is_err());

    for (name, value) in [
        ("aws.x", text("v")),
        (".x", text("v")),
        ("a..b", text("v")),
        ("sp ace", text("v")),
        ("empty", text("")),
        ("typed", MessageAttributeValue::builder().data_type("Strange").string_value("v").build().unwrap()),
        ("number", MessageAttributeValue::builder().data_type("Number").string_value("v").build().unwrap()),
    ] {
        let refused = send("x").message_attributes(name, value).send().await;
        assert_eq!(refused.unwrap_err().code(), Some("InvalidParameterValue"), "{name}");
    }
    let eleven = (0..11).map(|n| (format!("a{n}"), text("v"))).collect();
    assert!(send("x").set_message_attributes(Some(eleven)).send().await.is_err());
}

#[tokio::test]
async fn a_batch_reports_each_entry() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let entries = vec![entry("one", "1"), entry("bad", "\u{1}"), entry("two", "2")];
    let sent = it.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
    assert_eq!(sent.successful().iter().map(SendMessageBatchResultEntry::id).collect::<Vec<_>>(), ["one", "two"]);
    let [failed] = sent.failed() else { panic!("one failed") };
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));

    let received = it.receive(&url).await;
    let deletion = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let delete = it.sqs.delete_message_batch().queue_url(&url).entries(deletion("a", handle(&received[0])));
    let deleted = delete.entries(deletion("b", "garbage")).send().await.unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].code()), ("a", "ReceiptHandleIsInvalid"));
    let change = aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry::builder().id("c").visibility_timeout(0);
    let change = change.receipt_handle(handle(&received[1])).build().unwrap();
    it.sqs.change_message_visibility_batch().queue_url(&url).entries(change).send().await.unwrap();
    assert_eq!(it.counts("jobs").await, [1, 0, 0]);
}

#[tokio::test]
async fn a_malformed_batch_is_refused_whole() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let send = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let sent = it.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await;
        sent.unwrap_err().into_service_error()
    };
    assert!(send(vec![]).await.is_empty_batch_request());
    assert!(send((0..11).map(|n| entry(&n.to_string(), "x")).collect()).await.is_too_many_entries_in_batch_request());
    assert!(send(vec![entry("a", "x"), entry("a", "y")]).await.is_batch_entry_ids_not_distinct());
    for id in ["a b", "", &"x".repeat(81)] {
        assert!(send(vec![entry(id, "x")]).await.is_invalid_batch_entry_id(), "{id}");
    }
    let half = "x".repeat(fault::MAX_MESSAGE_BYTES / 2);
    let too_long = send(vec![entry("a", &half), entry("b", &half), entry("c", "x")]).await;
    assert!(too_long.is_batch_request_too_long());
    assert_eq!(it.counts("jobs").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_message() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let mut poll = pin!(it.sqs.receive_message().queue_url(&url).wait_time_seconds(LONG).send());
    waits(&mut poll).await;
    it.send(&url, "late").await;
    assert_eq!(ends(poll).await.unwrap().messages()[0].body(), Some("late"));
}

#[tokio::test]
async fn a_long_poll_sees_a_delay_a_time_out_and_a_release_end() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::ReceiveMessageWaitTimeSeconds, "20")]).await;
    it.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(900).send().await.unwrap();
    let mut poll = pin!(it.receive(&url));
    waits(&mut poll).await;
    it.advance(900);
    let delayed = ends(poll).await.remove(0);

    let mut poll = pin!(it.receive(&url));
    waits(&mut poll).await;
    it.advance(30);
    let timed_out = ends(poll).await.remove(0);

    let mut poll = pin!(it.receive(&url));
    waits(&mut poll).await;
    it.change_visibility(&url, &timed_out, 0).await.unwrap();
    let released = ends(poll).await.remove(0);
    assert_eq!(released.message_id(), delayed.message_id());
    assert_eq!(system(&released, &System::ApproximateReceiveCount), "3");

    // A clock that moves by itself needs nobody to wake the poll.
    it.now.fetch_add(29_900, Ordering::SeqCst);
    let mut poll = pin!(it.receive(&url));
    waits(&mut poll).await;
    it.now.fetch_add(100, Ordering::SeqCst);
    assert_eq!(ends(poll).await.len(), 1);
}

#[tokio::test]
async fn a_long_poll_on_a_group_ends_when_the_group_moves_on() {
    let it = Fixture::new().await;
    let url = it.queue("jobs.fifo", &[(Attribute::FifoQueue, "true")]).await;
    it.send_to_group(&url, "a", "a1").await;
    let first = it.receive(&url).await.remove(0);
    it.send_to_group(&url, "a", "a2").await;
    let mut poll = pin!(it.engine.receive("jobs.fifo", 1, MAX_WAIT));
    waits(&mut poll).await;
    it.engine.delete("jobs.fifo", vec![handle(&first).to_owned()]).await.unwrap();
    assert_eq!(ends(poll).await.unwrap()[0].body, "a2");
}

#[tokio::test]
async fn a_long_poll_that_sees_nothing_ends_empty() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    assert_eq!(it.engine.receive("jobs", 10, Duration::from_millis(20)).await.unwrap(), []);
    for (max, wait) in [(0, 0), (11, 0), (1, -1), (1, 21)] {
        let receive = it.sqs.receive_message().queue_url(&url).max_number_of_messages(max).wait_time_seconds(wait);
        assert_eq!(receive.send().await.unwrap_err().code(), Some("InvalidParameterValue"), "{max} {wait}");
    }
    let mut poll = pin!(it.sqs.receive_message().queue_url(&url).wait_time_seconds(LONG).send());
    waits(&mut poll).await;
    it.sqs.delete_queue().queue_url(&url).send().await.unwrap();
    assert!(ends(poll).await.unwrap_err().into_service_error().is_queue_does_not_exist());
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let it = Fixture::new().await;
    let dead = it.queue("dead", &[]).await;
    let policy = json!({ "deadLetterTargetArn": it.engine.queue_arn("dead"), "maxReceiveCount": "2" }).to_string();
    let url = it.queue("jobs", &[(Attribute::RedrivePolicy, &policy)]).await;
    let request = it.sqs.send_message().queue_url(&url).message_body("poison").message_attributes("k", text("x"));
    let sent = request.send().await.unwrap();
    for _ in 0..2 {
        assert_eq!(it.bodies(&url).await, ["poison"]);
        it.advance(30);
    }
    assert_eq!(it.counts("dead").await, [0, 0, 0]);
    // The third receive finds nothing and wakes whoever waits on the other queue.
    let mut poll = pin!(it.engine.receive("dead", 1, MAX_WAIT));
    waits(&mut poll).await;
    assert_eq!(it.bodies(&url).await, [""; 0]);
    let moved = ends(poll).await.unwrap().remove(0);
    assert_eq!((moved.body.as_str(), Some(moved.message_id.as_str())), ("poison", sent.message_id()));
    assert_eq!(moved.md5_of_message_attributes.as_deref(), sent.md5_of_message_attributes());
    assert_eq!(moved.attributes["DeadLetterQueueSourceArn"], it.engine.queue_arn("jobs"));
    assert_eq!(moved.attributes["ApproximateReceiveCount"], "3");
    assert_eq!(moved.attributes["SentTimestamp"], START.to_string());
    it.engine.delete("dead", vec![moved.receipt_handle]).await.unwrap();
    assert_eq!((it.counts("jobs").await, it.counts("dead").await), ([0; 3], [0; 3]));

    // Without its dead-letter queue a queue goes on delivering.
    it.send(&url, "again").await;
    it.sqs.delete_queue().queue_url(&dead).send().await.unwrap();
    for _ in 0..3 {
        assert_eq!(it.bodies(&url).await, ["again"]);
        it.advance(30);
    }
}

#[tokio::test]
async fn each_queue_of_a_dead_letter_chain_counts_its_own_receives() {
    let it = Fixture::new().await;
    let mut urls = vec![it.queue("third", &[]).await];
    for (name, target) in [("second", "third"), ("first", "second")] {
        let policy = json!({ "deadLetterTargetArn": it.engine.queue_arn(target), "maxReceiveCount": 1 }).to_string();
        let attributes = [(Attribute::RedrivePolicy, policy.as_str()), (Attribute::VisibilityTimeout, "0")];
        urls.insert(0, it.queue(name, &attributes).await);
    }
    it.send(&urls[0], "x").await;
    for url in &urls {
        assert_eq!(it.bodies(url).await, ["x"]);
        if *url != urls[2] {
            assert_eq!(it.bodies(url).await, [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_redrive_policy_needs_a_queue_of_the_same_type() {
    let it = Fixture::new().await;
    it.queue("dead", &[]).await;
    it.queue("dead.fifo", &[(Attribute::FifoQueue, "true")]).await;
    for (name, count) in [("nowhere", 3), ("dead.fifo", 3), ("dead", 0), ("dead", 1_001)] {
        let policy = json!({ "deadLetterTargetArn": it.engine.queue_arn(name), "maxReceiveCount": count });
        let create = it.sqs.create_queue().queue_name("jobs").attributes(Attribute::RedrivePolicy, policy.to_string());
        assert_eq!(create.send().await.unwrap_err().code(), Some("InvalidParameterValue"), "{name} {count}");
    }
}

#[tokio::test]
async fn a_message_is_dropped_after_its_retention_period() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[(Attribute::MessageRetentionPeriod, "60")]).await;
    it.send(&url, "in flight").await;
    it.receive(&url).await;
    it.send(&url, "waiting").await;
    it.advance(59);
    it.send(&url, "young").await;
    it.advance(1);
    assert_eq!(it.bodies(&url).await, ["young"]);
    assert_eq!(it.counts("jobs").await, [0, 1, 0]);
}

#[tokio::test]
async fn a_purge_empties_the_queue_once_a_minute() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    it.send(&url, "in flight").await;
    it.receive(&url).await;
    it.send(&url, "waiting").await;
    it.sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(it.counts("jobs").await, [0, 0, 0]);
    it.advance(59);
    let again = it.sqs.purge_queue().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(again.is_purge_queue_in_progress());
    it.advance(1);
    it.sqs.purge_queue().queue_url(&url).send().await.unwrap();
}

#[tokio::test]
async fn a_fifo_queue_keeps_the_order_of_each_group() {
    let it = Fixture::new().await;
    let url = it.queue("jobs.fifo", &[(Attribute::FifoQueue, "true")]).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3"), ("b", "b2")] {
        it.send_to_group(&url, group, body).await;
    }
    let receive = it.sqs.receive_message().queue_url(&url).max_number_of_messages(2);
    let first = receive.send().await.unwrap().messages.unwrap();
    assert_eq!(first.iter().map(|it| it.body().unwrap()).collect::<Vec<_>>(), ["a1", "a2"]);
    // Group a is held back, though a3 was never received.
    let rest = it.receive(&url).await;
    assert_eq!(rest.iter().map(|it| it.body().unwrap()).collect::<Vec<_>>(), ["b1", "b2"]);
    assert_eq!(system(&rest[0], &System::MessageGroupId), "b");
    assert_eq!(system(&rest[0], &System::MessageDeduplicationId), "b1");
    assert!(system(&rest[0], &System::SequenceNumber) < system(&rest[1], &System::SequenceNumber));
    assert_eq!(it.counts("jobs.fifo").await, [1, 4, 0]);

    // The group moves on as far as nothing earlier is in flight.
    it.delete(&url, &first[0]).await.unwrap();
    assert_eq!(it.bodies(&url).await, [""; 0]);
    it.delete(&url, &first[1]).await.unwrap();
    assert_eq!(it.bodies(&url).await, ["a3"]);
    it.advance(30);
    assert_eq!(it.bodies(&url).await, ["b1", "b2", "a3"]);
    // A receipt that ran out is refused, unlike in a standard queue.
    assert_eq!(it.delete(&url, &rest[0]).await.unwrap_err(), "InvalidParameterValue");
    assert_eq!(it.change_visibility(&url, &rest[0], 0).await.unwrap_err(), "InvalidParameterValue");
}

#[tokio::test]
async fn a_fifo_queue_drops_duplicates_for_five_minutes() {
    let it = Fixture::new().await;
    let url = it.queue("jobs.fifo", &[(Attribute::FifoQueue, "true")]).await;
    let first = it.send_to_group(&url, "a", "x").await;
    let received = it.receive(&url).await.remove(0);
    it.delete(&url, &received).await.unwrap();
    it.advance(299);
    // Another group makes no difference, nor does the deletion of the first.
    assert_eq!(it.send_to_group(&url, "b", "x").await, first);
    assert_eq!(it.counts("jobs.fifo").await, [0, 0, 0]);
    it.advance(1);
    assert_ne!(it.send_to_group(&url, "b", "x").await, first);
    assert_eq!(it.bodies(&url).await, ["x"]);

    let attributes = [
        (Attribute::FifoQueue, "true"),
        (Attribute::ContentBasedDeduplication, "True"),
        (Attribute::DeduplicationScope, "messageGroup"),
    ];
    let url = it.queue("hashed.fifo", &attributes).await;
    for (group, body) in [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x")] {
        let send = it.sqs.send_message().queue_url(&url).message_body(body).message_group_id(group);
        send.send().await.unwrap();
    }
    let received = it.receive(&url).await;
    assert_eq!(received.iter().map(|it| it.body().unwrap()).collect::<Vec<_>>(), ["x", "y", "x"]);
    let sha256_of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(system(&received[0], &System::MessageDeduplicationId), sha256_of_x);
}

#[tokio::test]
async fn fifo_parameters_belong_to_fifo_queues() {
    let it = Fixture::new().await;
    for (name, flag) in [("jobs", Some("true")), ("jobs.fifo", None), ("jobs.fifo", Some("false"))] {
        let attributes = flag.map(|flag| HashMap::from([(Attribute::FifoQueue, flag.to_owned())]));
        let create = it.sqs.create_queue().queue_name(name).set_attributes(attributes).send().await;
        assert_eq!(create.unwrap_err().code(), Some("InvalidParameterValue"), "{name} {flag:?}");
    }
    let url = it.queue("jobs.fifo", &[(Attribute::FifoQueue, "true")]).await;
    let send = || it.sqs.send_message().queue_url(&url).message_body("x");
    assert_eq!(send().send().await.unwrap_err().code(), Some("MissingParameter"));
    for refused in [
        send().message_group_id("a"),
        send().message_group_id("a").message_deduplication_id("x").delay_seconds(1),
        send().message_group_id("a b").message_deduplication_id("x"),
        send().message_group_id("a").message_deduplication_id("x".repeat(129)),
    ] {
        assert_eq!(refused.send().await.unwrap_err().code(), Some("InvalidParameterValue"));
    }
    let batch = it.sqs.send_message_batch().queue_url(&url).entries(entry("a", "x")).send().await;
    assert_eq!(batch.unwrap_err().code(), Some("InvalidParameterValue"));

    // A standard queue takes a group (for fair queues) but no deduplication.
    let url = it.queue("standard", &[]).await;
    let send = || it.sqs.send_message().queue_url(&url).message_body("x").message_group_id("tenant");
    send().send().await.unwrap();
    assert_eq!(system(&it.receive(&url).await[0], &System::MessageGroupId), "tenant");
    let refused = send().message_deduplication_id("x").send().await;
    assert_eq!(refused.unwrap_err().code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn everything_survives_the_end_of_the_process() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("queues");
    let before = Fixture::at(Some(&file), START).await;
    let url = before.queue("jobs", &[(Attribute::VisibilityTimeout, "100")]).await;
    before.send(&url, "in flight").await;
    let receipt = before.receive(&url).await.remove(0);
    before.send(&url, "waiting").await;
    let fifo = before.queue("jobs.fifo", &[(Attribute::FifoQueue, "true")]).await;
    let first = before.send_to_group(&fifo, "a", "x").await;
    // As after a kill: nothing is closed, flushed or dropped.
    std::mem::forget(before.engine.clone());
    drop(before);

    let after = Fixture::at(Some(&file), START + 99_000).await;
    let (url, fifo) = (after.engine.queue_url("jobs"), after.engine.queue_url("jobs.fifo"));
    assert_eq!(after.counts("jobs").await, [1, 1, 0]);
    assert_eq!(after.send_to_group(&fifo, "a", "x").await, first);
    assert_eq!(after.bodies(&url).await, ["waiting"]);
    after.advance(1);
    assert_eq!(after.bodies(&url).await, ["in flight"]);
    after.delete(&url, &receipt).await.unwrap();
    assert_eq!(after.counts("jobs").await, [0, 2, 0]);
}

#[tokio::test]
async fn a_store_of_another_layout_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("queues");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let opened = Engine::open(Some(&file), config("http://x", &Arc::new(AtomicI64::new(START))));
    assert!(matches!(opened, Err(Error::Version { found: 99 })));
}

#[tokio::test]
async fn a_queue_is_put_with_exactly_the_given_attributes() {
    let it = Fixture::new().await;
    let attributes = |pairs: &[(&str, &str)]| pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    it.engine.put_queue("jobs", attributes(&[("VisibilityTimeout", "5"), ("DelaySeconds", "5")])).await.unwrap();
    it.send(&it.engine.queue_url("jobs"), "kept").await;
    it.engine.put_queue("jobs", attributes(&[("VisibilityTimeout", "6")])).await.unwrap();
    it.queue("jobs", &[(Attribute::VisibilityTimeout, "6"), (Attribute::DelaySeconds, "0")]).await;
    assert_eq!(it.counts("jobs").await, [0, 0, 1]);
    let refused = it.engine.put_queue("jobs", attributes(&[("Strange", "1")])).await;
    assert!(matches!(refused, Err(Fault::InvalidAttributeName(name)) if name == "Strange"));
}

#[tokio::test]
async fn a_message_becomes_the_record_of_an_event() {
    let it = Fixture::new().await;
    let url = it.queue("jobs", &[]).await;
    let request = it.sqs.send_message().queue_url(&url).message_body("x").message_attributes("k", text("x"));
    let sent = request.send().await.unwrap();
    let message = it.engine.receive("jobs", 1, Duration::ZERO).await.unwrap().remove(0);
    let arn = it.engine.queue_arn("jobs");
    assert_eq!(
        message.event_record(&arn, "eu-central-1"),
        json!({
            "messageId": sent.message_id().unwrap(),
            "receiptHandle": message.receipt_handle,
            "body": "x",
            "attributes": {
                "ApproximateFirstReceiveTimestamp": START.to_string(),
                "ApproximateReceiveCount": "1",
                "SenderId": "000000000000",
                "SentTimestamp": START.to_string(),
            },
            "messageAttributes": {
                "k": { "dataType": "String", "stringValue": "x", "stringListValues": [], "binaryListValues": [] },
            },
            "md5OfBody": "9dd4e461268c8034f5c8564e155c67a6",
            "md5OfMessageAttributes": "a45daa70926828a2f0a1db3418e6feb4",
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": "eu-central-1",
        })
    );
}

#[tokio::test]
async fn faults_have_the_wire_shape_of_aws() {
    let it = Fixture::new().await;
    let missing = json!({ "QueueUrl": it.engine.queue_url("nope"), "MessageBody": "x" }).to_string();
    for (action, body, status, shape, code) in [
        (
            "SendMessage",
            missing.as_str(),
            StatusCode::BAD_REQUEST,
            "com.amazonaws.sqs#QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        (
            "SendMessage",
            "{}",
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#MissingRequiredParameterException",
            "MissingParameter;Sender",
        ),
        (
            "CreateQueue",
            r#"{"QueueName":"a b"}"#,
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#InvalidParameterValueException",
            "InvalidParameterValue;Sender",
        ),
        (
            "ListQueues",
            "{",
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#SerializationException",
            "SerializationException;Sender",
        ),
        (
            "Juggle",
            "{}",
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#UnknownOperationException",
            "InvalidAction;Sender",
        ),
    ] {
        let (got_status, got_code, got) = it.raw("/", action, body).await;
        assert_eq!((got_status, got_code.as_str(), got["__type"].as_str()), (status, code, Some(shape)), "{action}");
        assert!(got["message"].is_string());
    }
}

#[tokio::test]
async fn a_queue_answers_at_its_own_url_too() {
    let it = Fixture::new().await;
    it.queue("jobs", &[]).await;
    let (status, _, sent) = it.raw("/000000000000/jobs", "SendMessage", r#"{"MessageBody":"x"}"#).await;
    assert_eq!((status, sent["MD5OfMessageBody"].as_str()), (StatusCode::OK, Some("9dd4e461268c8034f5c8564e155c67a6")));
    let (_, code, _) = it.raw("/111111111111/jobs", "SendMessage", r#"{"MessageBody":"x"}"#).await;
    assert_eq!(code, "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_eq!(it.raw("/", "SendMessage", r#"{"QueueUrl":"jobs","MessageBody":"y"}"#).await.0, StatusCode::OK);
    assert_eq!(it.counts("jobs").await, [2, 0, 0]);
    let (_, _, empty) = it.raw("/000000000000/jobs", "GetQueueAttributes", "{}").await;
    assert_eq!(empty, json!({}));
}
