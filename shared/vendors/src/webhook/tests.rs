//! The sender against servers on this machine, with names that lead where a test says.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use domain::kernel::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Names and their addresses; later look-ups of a name may have other answers.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(host).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

fn sender(egress: EgressPolicy, name: &str, answers: &[&[&str]]) -> HttpWebhookSender {
    let answers = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
    let names = Names(Mutex::new(HashMap::from([(name.to_owned(), answers.collect())])));
    let sender = HttpWebhookSender::new(WebhookSettings { egress }, Arc::new(SystemClock));
    HttpWebhookSender { lookup: Arc::new(names), ..sender }
}

fn local() -> HttpWebhookSender {
    sender(EgressPolicy::LoopbackToo, "hooks.example", &[&["127.0.0.1"]])
}

async fn post(sender: &HttpWebhookSender, url: &str) -> Result<SentAnswer, SendFailure> {
    let headers = [("content-type", "application/json".to_owned()), ("webhook-id", "id-1".to_owned())];
    sender.send(url, &headers, Bytes::from_static(b"{\"a\":1}")).await
}

fn refused() -> Result<SentAnswer, SendFailure> {
    Err(SendFailure::Refused("the address is not public".to_owned()))
}

/// A server that answers one request, and then waits for the caller to leave. Returns its port, and the request once
/// the caller has left.
async fn server(answer: Vec<u8>) -> (u16, impl Future<Output = String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"{\"a\":1}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        // The caller may leave in the middle of a long answer.
        let _ = stream.write_all(&answer).await;
        let _ = stream.read(&mut [0; 16]).await;
        String::from_utf8(request).unwrap()
    };
    (port, serving)
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// Sends one webhook to a server that answers with `answer`.
async fn exchange(answer: Vec<u8>) -> (Result<SentAnswer, SendFailure>, String) {
    let (port, serving) = server(answer).await;
    let (sender, url) = (local(), format!("http://hooks.example:{port}/in?x=1"));
    // The sender's connection ends with it.
    let sending = async move { post(&sender, &url).await };
    tokio::join!(sending, serving)
}

#[tokio::test]
async fn the_body_and_the_headers_arrive_as_they_were_given() {
    let (sent, request) = exchange(answer("200 OK", "спасибо")).await;
    let sent = sent.unwrap();
    assert_eq!((sent.status, sent.excerpt.as_str(), sent.retry_after), (200, "спасибо", None));
    assert!(request.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{request}");
    for header in ["webhook-id: id-1", "content-type: application/json", "user-agent: Quintet-Webhooks/1"] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn names_that_lead_to_private_addresses_are_refused() {
    for address in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:192.168.0.1"] {
        let sender = sender(EgressPolicy::Internet, "hooks.example", &[&[address]]);
        assert_eq!(post(&sender, "https://hooks.example/in").await, refused(), "{address}");
    }
}

#[tokio::test]
async fn one_private_address_among_public_ones_is_enough() {
    let sender = sender(EgressPolicy::Internet, "hooks.example", &[&["1.1.1.1", "10.0.0.1", "8.8.8.8"]]);
    assert_eq!(post(&sender, "https://hooks.example/in").await, refused());
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_then() {
    let (port, serving) = server(answer("200 OK", "")).await;
    let sender = sender(EgressPolicy::LoopbackToo, "hooks.example", &[&["127.0.0.1"], &["10.0.0.1"]]);
    let url = format!("http://hooks.example:{port}/in");
    let (first, _) = tokio::join!(post(&sender, &url), async { tokio::time::timeout(TOTAL, serving).await.unwrap() });
    assert_eq!(first.unwrap().status, 200);
    assert_eq!(post(&sender, &url).await, refused());
}

#[tokio::test]
async fn addresses_that_are_no_names_are_checked_too_however_they_are_spelled() {
    let sender = sender(EgressPolicy::Internet, "hooks.example", &[&["1.1.1.1"]]);
    for host in [
        "10.0.0.1",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "１２７.０.０.１",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
    ] {
        assert_eq!(post(&sender, &format!("https://{host}:8443/")).await, refused(), "{host}");
    }
}

#[tokio::test]
async fn the_local_reach_ends_at_this_machine() {
    for url in ["http://10.0.0.1/", "http://169.254.169.254/", "http://[fe80::1]/"] {
        assert_eq!(post(&local(), url).await, refused(), "{url}");
    }
    let sender = sender(EgressPolicy::LoopbackToo, "hooks.example", &[&["127.0.0.1", "192.168.0.1"]]);
    assert_eq!(post(&sender, "http://hooks.example/").await, refused());
}

#[tokio::test]
async fn nothing_goes_out_without_tls() {
    let sender = sender(EgressPolicy::Internet, "hooks.example", &[&["1.1.1.1"]]);
    let sent = post(&sender, "http://hooks.example/").await;
    assert!(matches!(sent, Err(SendFailure::Unreachable(_))), "{sent:?}");
}

#[tokio::test]
async fn redirects_are_answers_and_not_followed() {
    let (sent, _) = exchange(answer("302 Found\r\nlocation: http://169.254.169.254/latest/meta-data/", "")).await;
    assert_eq!(sent.unwrap().status, 302);
    let (sent, _) = exchange(answer("307 Temporary Redirect\r\nlocation: /elsewhere", "")).await;
    assert_eq!(sent.unwrap().status, 307);
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let (port, serving) = server(Vec::new()).await;
    let sender = HttpWebhookSender { total: Duration::from_millis(200), ..local() };
    let url = format!("http://hooks.example:{port}/");
    let sending = async move { post(&sender, &url).await };
    let (sent, _) = tokio::join!(sending, serving);
    assert_eq!(sent, Err(SendFailure::TimedOut));
}

#[tokio::test]
async fn a_status_counts_though_the_body_never_ends() {
    let (port, serving) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nso far".to_vec()).await;
    let sender = HttpWebhookSender { total: Duration::from_millis(300), ..local() };
    let url = format!("http://hooks.example:{port}/");
    let sending = async move { post(&sender, &url).await };
    let (sent, _) = tokio::join!(sending, serving);
    let sent = sent.unwrap();
    assert_eq!((sent.status, sent.excerpt.as_str()), (200, "so far"));
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_kept() {
    let (sent, _) = exchange(answer("500 Internal Server Error", &format!("x{}", "ы".repeat(2_000_000)))).await;
    let sent = sent.unwrap();
    assert_eq!((sent.status, sent.excerpt.len()), (500, 1023));
    assert!(sent.excerpt.starts_with("xыы"));
}

#[tokio::test]
async fn receivers_may_ask_to_wait() {
    for (value, expected) in [
        ("120", Some(Duration::from_mins(2))),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(Duration::ZERO)),
        ("-5", None),
        ("soon", None),
    ] {
        let (sent, _) = exchange(answer(&format!("429 Too Many Requests\r\nretry-after: {value}"), "")).await;
        assert_eq!(sent.unwrap().retry_after, expected, "{value}");
    }
}

#[tokio::test]
async fn who_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let sent = post(&local(), &format!("http://hooks.example:{port}/")).await;
    assert!(matches!(&sent, Err(SendFailure::Unreachable(why)) if why.contains("refused")), "{sent:?}");
    let sent = post(&local(), "http://unknown.example/").await;
    assert_eq!(sent, Err(SendFailure::Unreachable("no such name".to_owned())));
    let (sent, _) = exchange(b"SSH-2.0-OpenSSH\r\n".to_vec()).await;
    assert!(matches!(sent, Err(SendFailure::Unreachable(_))), "{sent:?}");
}

#[tokio::test]
async fn the_system_knows_this_machine() {
    let addresses = SystemLookup.addresses("localhost").await.unwrap();
    assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
}

#[test]
fn private_addresses_are_allowed_by_an_exact_word() {
    let read = |value: Option<&'static str>| WebhookSettings::read(|_| value).map(|settings| settings.egress);
    assert_eq!(read(None), Ok(EgressPolicy::Internet));
    assert_eq!(read(Some("false")), Ok(EgressPolicy::Internet));
    assert_eq!(read(Some("true")), Ok(EgressPolicy::LoopbackToo));
    for value in ["TRUE", "1", "yes", " true"] {
        assert_eq!(read(Some(value)).unwrap_err().name, "WEBHOOK_ALLOW_PRIVATE", "{value}");
    }
}
