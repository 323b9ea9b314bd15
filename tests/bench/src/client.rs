//! A caller: one connection that is kept, one request after the other.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Outcome;

/// One connection.
pub(crate) struct Client {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    /// Moves the connection's bytes; ends with the client.
    driver: JoinSet<()>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // What breaks is told to whoever waits for the answer.
            let _ = connection.await;
        });
        Ok(Self { address, sender, driver })
    }

    /// Sends a request, and gives back the head of its answer. A connection that the other side closed in between is opened anew.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Outcome<Response<Incoming>> {
        if self.sender.ready().await.is_err() {
            *self = Self::connect(self.address).await?;
        }
        Ok(self.sender.send_request(request).await?)
    }

    /// Waits until the connection is closed, for callers that leave.
    pub(crate) async fn close(mut self) {
        drop(self.sender);
        while self.driver.join_next().await.is_some() {}
    }
}

/// A request with a JSON body.
pub(crate) fn post(
    address: SocketAddr,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Outcome<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse()?;
    *request.headers_mut() = headers.clone();
    request.headers_mut().insert(HOST, address.to_string().parse()?);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

/// Headers from pairs.
pub(crate) fn headers(pairs: &[(&str, &str)]) -> Outcome<HeaderMap> {
    pairs.iter().map(|(name, value)| Ok((HeaderName::try_from(*name)?, HeaderValue::try_from(*value)?))).collect()
}

/// One request on a connection of its own, with its answer read to the end. Without a body it is a GET.
pub(crate) async fn call(
    address: SocketAddr,
    path: &str,
    headers: &HeaderMap,
    body: Option<&Value>,
) -> Outcome<(StatusCode, String)> {
    let content = body.map(Value::to_string).unwrap_or_default();
    let mut request = post(address, path, headers, &content.into())?;
    if body.is_none() {
        *request.method_mut() = Method::GET;
    }
    let mut client = Client::connect(address).await?;
    let (head, body) = client.send(request).await?.into_parts();
    let bytes = body.collect().await?.to_bytes();
    client.close().await;
    Ok((head.status, String::from_utf8_lossy(&bytes).into_owned()))
}
