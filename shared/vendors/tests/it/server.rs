//! An HTTP/1.1 server that answers with scripted bytes.
//!
//! Each piece of a scripted body is one chunk of the chunked coding. HTTP clients hand chunks on one by one, however
//! they arrive, so a test says exactly where the bytes are split without waiting for anything.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// The header's value; names in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Vec<u8>>,
    end: End,
    silent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body ends as it should.
    Whole,
    /// The connection closes in the middle of the body.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Hang,
}

impl Answer {
    /// A body that comes in one piece.
    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self { status: 200, headers: Vec::new(), pieces: vec![body.as_ref().to_vec()], end: End::Whole, silent: false }
    }

    pub(crate) fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, ..Self::ok(body) }
    }

    /// No answer at all, not even its head.
    pub(crate) fn silence() -> Self {
        Self { silent: true, ..Self::ok("") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same body in two pieces.
    pub(crate) fn split_at(mut self, place: usize) -> Self {
        let whole = self.pieces.concat();
        let (left, right) = whole.split_at(place);
        self.pieces = vec![left.to_vec(), right.to_vec()];
        self
    }

    /// The same body, one piece for each byte.
    pub(crate) fn byte_by_byte(mut self) -> Self {
        self.pieces = self.pieces.concat().into_iter().map(|byte| vec![byte]).collect();
        self
    }

    /// Closes the connection after the pieces, without the end of the body.
    pub(crate) fn then_cut(self) -> Self {
        Self { end: End::Cut, ..self }
    }

    /// Sends nothing after the pieces.
    pub(crate) fn then_hang(self) -> Self {
        Self { end: End::Hang, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} Scripted\r\ntransfer-encoding: chunked\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        for piece in self.pieces.iter().filter(|piece| !piece.is_empty()) {
            bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(b"\r\n");
        }
        if self.end == End::Whole {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        bytes
    }
}

type Script = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// What happened so far.
#[derive(Default)]
struct Record {
    requests: Mutex<Vec<Request>>,
    left_waiting: Notify,
    hung_up: Notify,
}

/// A running server; it stops when dropped.
pub(crate) struct Server {
    port: u16,
    record: Arc<Record>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves plain HTTP. The script gets the request and how many came to the same path before it.
    pub(crate) async fn start(script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::run(Arc::new(script), None).await
    }

    /// Serves HTTPS.
    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::run(Arc::new(script), Some(acceptor)).await
    }

    async fn run(script: Arc<Script>, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let record = Arc::new(Record::default());
        let records = record.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (script, record, acceptor) = (script.clone(), records.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => serve(stream, &*script, &record).await,
                        // A client that does not trust the certificate goes away in the handshake.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, &*script, &record).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { port, record, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.record.requests.lock().unwrap().clone()
    }

    /// Waits until a client has asked and gets no (more) answer.
    pub(crate) async fn left_waiting(&self) {
        self.record.left_waiting.notified().await;
    }

    /// Waits until such a client closes its connection.
    pub(crate) async fn hung_up(&self) {
        self.record.hung_up.notified().await;
    }
}

/// Serves one connection until either side is done with it: then there is nothing more to read.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, script: &Script, record: &Record) -> Option<()> {
    let mut stream = BufStream::new(stream);
    loop {
        let request = read_request(&mut stream).await?;
        let answer = {
            let mut requests = record.requests.lock().unwrap();
            let earlier = requests.iter().filter(|other| other.path == request.path).count();
            requests.push(request.clone());
            script(&request, earlier)
        };
        if !answer.silent {
            stream.write_all(&answer.bytes()).await.ok()?;
            stream.flush().await.ok()?;
        }
        if answer.silent || answer.end == End::Hang {
            record.left_waiting.notify_one();
            // Clients say nothing while they wait: there is nothing to read but the end.
            stream.read_u8().await.expect_err("a request in the middle of an answer");
            record.hung_up.notify_one();
            return None;
        }
        if answer.end == End::Cut {
            stream.shutdown().await.ok()?;
            return None;
        }
    }
}

async fn read_request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Request> {
    let first = read_line(stream).await?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { method, path, headers, body: String::from_utf8(body).unwrap() })
}

async fn read_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end().to_owned()),
        _ => None,
    }
}
