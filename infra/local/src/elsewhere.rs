//! Functions that run in other processes, where `cargo lambda watch` (or anything else that has Lambda's `Invoke`) has them.
//!
//! The stack stays what it is, gateways, queues, schedules and storage; only what handles an event is not in this process.
//!
//! A function that streams its answers is invoked like any other. `cargo lambda watch` then answers with the function's own status, headers and
//! body, piece by piece, and says so in a header; its imitation of `InvokeWithResponseStream` waits for the whole body, so it is of no use here.

use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use edge::{ConfigError, InvokeAnswer, MetadataPrelude, Pieces, Streamed};
use futures_util::future::{BoxFuture, Fuse};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::header::{DATE, HOST, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderName, Request, StatusCode, response};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use lambda_runtime::Error;
use serde_json::value::RawValue;
use tokio::net::TcpStream;

use crate::function::{Answer, Handler, Starter};

/// Lambda says with this header that the function failed; the body has its error.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// `cargo lambda watch` says with this header that the function streams; status, headers and body are then the function's.
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// A starter of the function called `name`, which is invoked at `address`, such as `localhost:9000`.
pub(crate) fn starter(address: &str, name: &str) -> Starter {
    let (address, name) = (Arc::<str>::from(address), Arc::<str>::from(name));
    Box::new(move |_| -> Result<Handler, ConfigError> {
        let (address, name) = (Arc::clone(&address), Arc::clone(&name));
        Ok(Arc::new(move |event, _| {
            let (address, name) = (Arc::clone(&address), Arc::clone(&name));
            async move { invoke(&address, &name, event).await }.boxed()
        }))
    })
}

async fn invoke(address: &str, name: &str, event: Box<RawValue>) -> Answer {
    let unreachable = |cause: std::io::Error| Error::from(format!("{name} is to run at {address}: {cause}"));
    let stream = TcpStream::connect(address).await.map_err(unreachable)?;
    let (mut client, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await?;
    let request = Request::post(format!("/2015-03-31/functions/{name}/invocations"))
        .header(HOST, address)
        .body(event.get().to_owned().into())?;
    let mut connection = connection.boxed().fuse();
    let (parts, body) = driven(&mut connection, client.send_request(request)).await??.into_parts();
    let body = Exchange { connection, body: Body::new(body).into_data_stream() };
    if parts.headers.get(RESPONSE_MODE).is_some_and(|mode| mode == "streaming") {
        return Ok(InvokeAnswer::Stream(Streamed { head: head(parts), body: body.pieces() }));
    }
    let body = String::from_utf8(body.whole().await?)?;
    if parts.status != StatusCode::OK || parts.headers.contains_key(FUNCTION_ERROR) {
        return Err(format!("{name} at {address} answers {}: {body}", parts.status).into());
    }
    Ok(InvokeAnswer::Whole(RawValue::from_string(body)?))
}

/// A connection does its own work only while it is polled.
type Connection = Fuse<BoxFuture<'static, hyper::Result<()>>>;

/// Waits for `work`, which goes over the connection.
async fn driven<T>(connection: &mut Connection, work: impl Future<Output = T>) -> Result<T, Error> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => Ok(done),
        ended = connection => {
            ended?;
            Ok(work.await)
        }
    }
}

/// An answer that is under way. Dropping it closes the connection.
struct Exchange {
    connection: Connection,
    body: BodyDataStream,
}

impl Exchange {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        Ok(driven(&mut self.connection, self.body.next()).await?.transpose()?)
    }

    async fn whole(mut self) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    fn pieces(self) -> Pieces {
        let pieces = stream::unfold(self, |mut exchange| async {
            let piece = exchange.next().await.inspect_err(|error| tracing::error!(%error, "stream broke off"));
            Some((piece.ok()??, exchange))
        });
        pieces.boxed()
    }
}

/// The head that the function wrote, without what the way here added.
fn head(mut parts: response::Parts) -> MetadataPrelude {
    let cookies = parts.headers.get_all(SET_COOKIE).iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).collect();
    for added in [SET_COOKIE, DATE, TRANSFER_ENCODING, HeaderName::from_static(RESPONSE_MODE)] {
        parts.headers.remove(added);
    }
    MetadataPrelude { status_code: parts.status, headers: parts.headers, cookies }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::Path;
    use axum::routing::post;
    use serde_json::{json, value::to_raw_value};
    use tokio::sync::mpsc;

    use super::*;
    use crate::gateway::stamp::tests::platform;
    use crate::serve::serve;
    use crate::tasks::Tasks;

    async fn invoked(name: &str) -> Result<Box<RawValue>, Error> {
        match answered(name, Router::new()).await? {
            InvokeAnswer::Whole(answer) => Ok(answer),
            InvokeAnswer::Stream(_) => panic!("a stream"),
        }
    }

    /// Invokes the function where `router` has its endpoint, and those that every test has.
    async fn answered(name: &str, router: Router) -> Answer {
        let router = router.route(
            "/2015-03-31/functions/{name}/invocations",
            post(|Path(name): Path<String>, body: String| async move {
                match name.as_str() {
                    "broken" => (StatusCode::OK, [(FUNCTION_ERROR, "Unhandled")], body),
                    "missing" => (StatusCode::NOT_FOUND, [("x-nothing", "")], "no such function".to_owned()),
                    _ => (StatusCode::OK, [("x-nothing", "")], json!({ "saw": body, "in": name }).to_string()),
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tasks = Tasks::new();
        serve(&tasks, listener, router);
        let handler = starter(&address, name)(&platform()).unwrap();
        handler(to_raw_value(&json!("event")).unwrap(), lambda_runtime::Context::default()).await
    }

    #[tokio::test]
    async fn an_event_goes_there_and_the_answer_comes_back() {
        let answer = invoked("worker").await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(answer, json!({ "saw": "\"event\"", "in": "worker" }));
    }

    #[tokio::test]
    async fn failures_there_are_failures_here() {
        let broken = invoked("broken").await.unwrap_err().to_string();
        assert!(broken.contains("answers 200 OK: \"event\""), "{broken}");
        let missing = invoked("missing").await.unwrap_err().to_string();
        assert!(missing.contains("answers 404 Not Found: no such function"), "{missing}");
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let handler = starter(&free.to_string(), "worker")(&platform()).unwrap();
        let error = handler(to_raw_value("").unwrap(), lambda_runtime::Context::default()).await.err().unwrap();
        assert!(error.to_string().starts_with(&format!("worker is to run at {free}: ")), "{error}");
    }

    #[tokio::test]
    async fn a_stream_comes_back_as_it_is_made_and_is_closed_when_nobody_wants_it() {
        let (sender, pieces) = mpsc::unbounded_channel::<&str>();
        let pieces = Arc::new(std::sync::Mutex::new(Some(pieces)));
        let answer = move || {
            let pieces = pieces.lock().unwrap().take().unwrap();
            let pieces = stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
            let body = Body::from_stream(pieces.map(Ok::<_, std::convert::Infallible>));
            let response = http::Response::builder().status(StatusCode::ACCEPTED).header(RESPONSE_MODE, "streaming");
            let response = response.header("x-own", "1").header(SET_COOKIE, "a=1").header(SET_COOKIE, "b=2");
            std::future::ready(response.body(body).unwrap())
        };
        let router = Router::new().route("/2015-03-31/functions/streamer/invocations", post(answer));
        let InvokeAnswer::Stream(Streamed { head, mut body }) = answered("streamer", router).await.unwrap() else {
            panic!("no stream");
        };
        assert_eq!((head.status_code, head.cookies), (StatusCode::ACCEPTED, vec!["a=1".to_owned(), "b=2".to_owned()]));
        assert_eq!(head.headers.len(), 1, "{:?}", head.headers);
        for piece in ["one", "two"] {
            sender.send(piece).unwrap();
            assert_eq!(body.next().await.unwrap(), piece);
        }
        drop(body);
        sender.closed().await;
    }
}
