//! The way from the functions' AWS clients to the engines without a network: what a client would send is handed over within the process.
//!
//! It saves both sides of a connection, which is most of what a call costs here. Everybody else, and whatever is not answered here, takes the engines'
//! ports.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::body::to_bytes;

use super::dynamodb::{Answer, Tables};
use crate::sqs;

/// Where the engines are, by the addresses that clients have.
#[derive(Clone)]
pub(crate) struct Engines {
    pub(crate) dynamodb: (String, Tables),
    pub(crate) sqs: (String, sqs::Engine),
}

/// A client that calls these engines directly, and everything else by way of `network`.
pub(crate) fn client(engines: Engines, network: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
        let network = network.http_connector(settings, components);
        SharedHttpConnector::new(Direct { engines: engines.clone(), network })
    })
}

struct Direct {
    engines: Engines,
    network: SharedHttpConnector,
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Engines { dynamodb: (dynamodb, tables), sqs: (sqs, queues) } = &self.engines;
        let (Some(target), Some(body)) = (request.headers().get("x-amz-target"), request.body().bytes()) else {
            return self.network.call(request);
        };
        if request.uri().starts_with(dynamodb.as_str()) {
            return match tables.answer(target, body) {
                Some(Answer { status, body }) => {
                    HttpConnectorFuture::ready(Ok(HttpResponse::new(status.into(), SdkBody::from(body))))
                }
                None => self.network.call(request),
            };
        }
        if request.uri().starts_with(sqs.as_str()) {
            let (queues, target, body) = (queues.clone(), target.to_owned(), body.to_vec());
            return HttpConnectorFuture::new(async move {
                let (head, body) = queues.answer("", &target, &body).await.into_parts();
                let body = to_bytes(body, usize::MAX).await.map_err(|cause| ConnectorError::io(cause.into()))?;
                let mut response = HttpResponse::new(head.status.into(), SdkBody::from(body));
                for (name, value) in &head.headers {
                    // One of them has the code by which clients know a refusal.
                    if let Ok(value) = value.to_str() {
                        response.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
                    }
                }
                Ok(response)
            });
        }
        self.network.call(request)
    }
}
