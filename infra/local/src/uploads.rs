//! `/uploads/*`: objects of a product's bucket, as CloudFront serves them on AWS.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, RANGE,
};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::percent;

/// The path of uploads, which is also the prefix of their keys.
pub(crate) const PREFIX: &str = "/uploads/";

/// The uploads of one product.
pub(crate) struct Uploads {
    pub(crate) client: Client,
    pub(crate) bucket: String,
}

impl Uploads {
    /// Answers a request for an upload.
    pub(crate) async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let key = percent::decode(request.uri().path().trim_start_matches('/'));
        // A key is not a path: on S3 such a one would be another object, in a folder it could lead out of the prefix.
        if key.split('/').any(|segment| segment == "..") {
            return plain(StatusCode::NOT_FOUND);
        }
        let range = request.headers().get(RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
        let object = self.client.get_object().bucket(&self.bucket).key(key).set_range(range.clone()).send().await;
        let object = match object {
            Ok(object) => object,
            Err(error) => {
                return match error.as_service_error().and_then(|error| error.code()) {
                    Some("NoSuchKey") => plain(StatusCode::NOT_FOUND),
                    Some("InvalidRange") => plain(StatusCode::RANGE_NOT_SATISFIABLE),
                    code => {
                        tracing::error!(?code, "upload cannot be read");
                        plain(StatusCode::BAD_GATEWAY)
                    }
                };
            }
        };
        let unchanged = request
            .headers()
            .get(IF_NONE_MATCH)
            .is_some_and(|known| Some(known.as_bytes()) == object.e_tag().map(str::as_bytes));
        if unchanged {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        respond(object, range.is_some(), request.method() == Method::HEAD).await
    }
}

async fn respond(object: GetObjectOutput, partial: bool, head: bool) -> Response<Bytes> {
    let mut response = plain(if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK });
    let length = object.content_length().map(|length| length.to_string());
    let headers = [
        (CONTENT_TYPE, object.content_type().unwrap_or("application/octet-stream")),
        (ETAG, object.e_tag().unwrap_or_default()),
        (CONTENT_RANGE, object.content_range().unwrap_or_default()),
        (CONTENT_LENGTH, length.as_deref().unwrap_or_default()),
        (ACCEPT_RANGES, "bytes"),
        // A key is never written twice.
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ];
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    if head {
        *response.body_mut() = Bytes::new();
        return response;
    }
    match object.body.collect().await {
        Ok(body) => *response.body_mut() = body.into_bytes(),
        Err(cause) => {
            tracing::error!(%cause, "upload broke off");
            return plain(StatusCode::BAD_GATEWAY);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
