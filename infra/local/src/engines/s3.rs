//! S3: s3s on a folder.
//!
//! Unlike AWS: a key may not be the folder of another key (`a` beside `a/b`), and `If-None-Match` of a read is ignored.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN,
};
use http::{HeaderValue, Method, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;

use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::template::model::Bucket;

/// Why the buckets cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder cannot be made.
    #[error("bucket folder {}: {cause}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What happened.
        cause: std::io::Error,
    },
    /// The engine cannot use the folder.
    #[error("S3 engine: {0}")]
    Engine(String),
}

/// The buckets of one stack.
#[derive(Clone)]
pub(crate) struct Buckets {
    service: S3Service,
    /// Buckets and the origins whose pages may use them.
    origins: std::sync::Arc<Vec<(String, Vec<String>)>>,
}

impl Buckets {
    /// Serves `buckets` from `folder`; each bucket is a folder in it.
    pub(crate) fn open(folder: &Path, buckets: &[Bucket]) -> Result<Self, Error> {
        for path in buckets.iter().map(|bucket| folder.join(&bucket.name)) {
            std::fs::create_dir_all(&path).map_err(|cause| Error::Folder { path, cause })?;
        }
        std::fs::create_dir_all(folder).map_err(|cause| Error::Folder { path: folder.to_owned(), cause })?;
        let files = FileSystem::new(folder).map_err(|cause| Error::Engine(format!("{cause:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let origins = buckets.iter().map(|bucket| (bucket.name.clone(), bucket.browser_origins.clone())).collect();
        Ok(Self { service: builder.build(), origins: std::sync::Arc::new(origins) })
    }

    /// The service, buckets addressed by path.
    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// The origin of the request, if it may use the bucket that its path names.
    fn allowed_origin(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        let bucket = request.uri().path().split('/').nth(1)?;
        let (_, allowed) = self.origins.iter().find(|(name, _)| name == bucket)?;
        allowed.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

/// The engine knows nothing of browsers, so cross-origin rules are applied here.
async fn answer(State(buckets): State<Buckets>, request: Request) -> Response {
    let origin = buckets.allowed_origin(&request);
    let mut response = if request.method() == Method::OPTIONS {
        let status = if origin.is_some() { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let mut response = status.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE"));
        if let Some(asked) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        response
    } else {
        let request = request.map(s3s::Body::http_body_unsync);
        match buckets.service.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(cause) => {
                tracing::error!(?cause, "S3 engine failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    };
    if let Some(origin) = origin {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
    }
    response
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn only_listed_origins_may_use_a_bucket_from_a_browser() {
        let folder = tempfile::TempDir::new().unwrap();
        let name = || "files".to_owned();
        let browser_origins = vec!["https://example.com".to_owned()];
        let bucket = Bucket { name: name(), logical_id: name(), product: name(), browser_origins };
        let router = Buckets::open(folder.path(), &[bucket]).unwrap().router();
        let preflight = async |origin: &str| {
            let request = http::Request::options("/files/key").header(ORIGIN, origin).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(preflight("https://example.com").await, 200);
        assert_eq!(preflight("https://other.com").await, 403);
        let unsigned = http::Request::get("/files/key").body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(unsigned).await.unwrap().status(), 403);
    }
}
