//! Functions that run in other processes, where `cargo lambda watch` (or anything else that has Lambda's `Invoke`) has them.
//!
//! The stack stays what it is, gateways, queues, schedules and storage; only what handles an event is not in this process.

use std::sync::Arc;

use edge::ConfigError;
use futures_util::FutureExt as _;
use http::header::HOST;
use http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use lambda_runtime::Error;
use serde_json::value::RawValue;
use tokio::net::TcpStream;

use crate::function::{Answer, Handler, Starter};

/// Lambda says with this header that the function failed; the body has its error.
const FUNCTION_ERROR: &str = "x-amz-function-error";

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
    let (mut client, connection) = http1::handshake::<_, axum::body::Body>(TokioIo::new(stream)).await?;
    let request = Request::post(format!("/2015-03-31/functions/{name}/invocations"))
        .header(HOST, address)
        .body(event.get().to_owned().into())?;
    let exchange = async {
        let response = client.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(axum::body::Body::new(body), usize::MAX).await?;
        Ok::<_, Error>((parts, body))
    };
    tokio::pin!(connection);
    tokio::pin!(exchange);
    // The connection does its work only while it is polled.
    let (parts, body) = tokio::select! {
        done = &mut exchange => done?,
        ended = &mut connection => {
            ended?;
            exchange.await?
        }
    };
    let body = String::from_utf8(body.into())?;
    if parts.status != StatusCode::OK || parts.headers.contains_key(FUNCTION_ERROR) {
        return Err(format!("{name} at {address} answers {}: {body}", parts.status).into());
    }
    Ok(RawValue::from_string(body)?)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::Path;
    use axum::routing::post;
    use serde_json::{json, value::to_raw_value};

    use super::*;
    use crate::gateway::stamp::tests::platform;
    use crate::serve::serve;
    use crate::tasks::Tasks;

    async fn invoked(name: &str) -> Answer {
        let router = Router::new().route(
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
        let error = handler(to_raw_value("").unwrap(), lambda_runtime::Context::default()).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("worker is to run at {free}: ")), "{error}");
    }
}
