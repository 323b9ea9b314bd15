//! The vendor: a server that speaks OpenAI's protocol, says always the same, and costs next to nothing.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Outcome;

/// What is said in the answer and in no question.
pub(crate) const SAID: &str = "Paris";

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":14,"completion_tokens":8,"total_tokens":22},"system_fingerprint":"fp_1"}"#;

/// The pieces of a streamed answer: the role, the words, the end, the usage.
const WORDS: [&str; 7] = ["The", " capital", " of", " France", " is", " Paris", "."];

/// What a path begins with whose answers take their time: `/delay/500/v1` is half a second.
const DELAY: &str = "/delay/";

/// The vendor, running in a thread of its own for as long as the process.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    answered: Arc<AtomicU64>,
}

impl Upstream {
    pub(crate) fn start() -> Outcome<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let answered = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let counter = Arc::clone(&answered);
        thread::spawn(move || runtime.block_on(serve(listener, counter)));
        Ok(Self { address, answered })
    }

    /// Where the API is, its version included.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The same, for answers that take this long.
    pub(crate) fn slow_url(&self, delay: Duration) -> String {
        format!("http://{}{DELAY}{}/v1", self.address, delay.as_millis())
    }

    /// How many requests were answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

async fn serve(listener: std::net::TcpListener, answered: Arc<AtomicU64>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let pieces: Arc<[Bytes]> = pieces().into();
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        // A connection without it is slower, and no less a connection.
        let _ = connection.set_nodelay(true);
        let (pieces, answered) = (Arc::clone(&pieces), Arc::clone(&answered));
        connections.spawn(async move {
            let service = service_fn(|request| answer(request, &pieces, &answered));
            // Whoever leaves in the middle leaves.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    pieces: &Arc<[Bytes]>,
    answered: &AtomicU64,
) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let delay = request.uri().path().strip_prefix(DELAY).and_then(|rest| rest.split('/').next()?.parse().ok());
    let question = request.into_body().collect().await?.to_bytes();
    if let Some(delay) = delay {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    answered.fetch_add(1, Ordering::Relaxed);
    // Gateways write it with a space or without.
    let is_stream = [&b"\"stream\":true"[..], b"\"stream\": true"]
        .iter()
        .any(|wanted| question.windows(wanted.len()).any(|part| part == *wanted));
    let (kind, body) = if is_stream {
        let frames: Vec<_> = pieces.iter().cloned().map(|piece| Ok(Frame::data(piece))).collect();
        ("text/event-stream", BoxBody::new(StreamBody::new(stream::iter(frames))))
    } else {
        ("application/json", Full::new(Bytes::from_static(ANSWER.as_bytes())).boxed())
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

fn pieces() -> Vec<Bytes> {
    let piece = |rest: &str| {
        let head = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini""#;
        Bytes::from(format!("data: {head},{rest}}}\n\n"))
    };
    let delta = |delta: &str, reason: &str| {
        piece(&format!(r#""choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":{reason}}}]"#))
    };
    let mut pieces = vec![delta(r#""role":"assistant","content":"""#, "null")];
    pieces.extend(WORDS.map(|word| delta(&format!(r#""content":"{word}""#), "null")));
    pieces.push(delta("", r#""stop""#));
    pieces.push(piece(r#""choices":[],"usage":{"prompt_tokens":14,"completion_tokens":8,"total_tokens":22}"#));
    pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
    pieces
}
