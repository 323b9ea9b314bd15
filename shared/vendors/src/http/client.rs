//! One HTTP client per vendor, built at the first call.

use std::borrow::Cow;
use std::slice;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use domain::kernel::{Clock, telemetry};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Certificate, Client, IntoUrl, RequestBuilder, redirect};

use super::body::Body;
use super::timeouts::{deadline, until};
use super::{Failure, Timeouts};
use crate::Secret;

/// How long an idle connection is kept. Short, because a thawed Lambda finds its connections closed by the other side.
const KEEP_IDLE: Duration = Duration::from_secs(20);

/// A vendor's HTTP client.
///
/// It follows no redirects (which would carry the key elsewhere), reads no proxy from the environment, and repeats only
/// requests that the server provably did not handle (HTTP/2 `REFUSED_STREAM` and `GOAWAY`).
pub(crate) struct HttpClient {
    vendor: Cow<'static, str>,
    timeouts: Timeouts,
    extra_roots: Option<String>,
    clock: Arc<dyn Clock>,
    client: OnceLock<Client>,
}

/// An authentication header.
pub(crate) struct Auth<'a> {
    pub(crate) header: HeaderName,
    /// What precedes the key, the space included.
    pub(crate) scheme: &'static str,
    /// The key. If empty, the header is not sent.
    pub(crate) secret: &'a Secret,
}

impl HttpClient {
    /// A client that is built at the first request. `vendor` is its name in metrics.
    pub(crate) fn new(vendor: impl Into<Cow<'static, str>>, timeouts: Timeouts, clock: Arc<dyn Clock>) -> Self {
        Self { vendor: vendor.into(), timeouts, extra_roots: None, clock, client: OnceLock::new() }
    }

    /// Trusts the certificate authorities of a PEM bundle besides the system's.
    pub(crate) fn trusting(mut self, extra_roots: Option<String>) -> Self {
        self.extra_roots = extra_roots;
        self
    }

    pub(crate) fn post(&self, url: impl IntoUrl) -> Result<RequestBuilder, Failure> {
        Ok(self.client()?.post(url))
    }

    pub(crate) fn get(&self, url: &str) -> Result<RequestBuilder, Failure> {
        Ok(self.client()?.get(url))
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Two concurrent first requests may both build; one client is kept.
        let built = self.build()?;
        Ok(self.client.get_or_init(|| built))
    }

    /// Sends a request and waits for the head of a successful answer. Any other status becomes [`Failure::Answered`]
    /// with its body read.
    pub(crate) async fn open(&self, request: RequestBuilder, auth: &Auth<'_>) -> Result<Body, Failure> {
        self.open_with(request, slice::from_ref(auth)).await
    }

    /// The same with several authentication headers.
    pub(crate) async fn open_with(&self, mut request: RequestBuilder, proofs: &[Auth<'_>]) -> Result<Body, Failure> {
        for proof in proofs {
            if let Some(value) = proof.value()? {
                request = request.header(proof.header.clone(), value);
            }
        }
        self.open_hiding(request, proofs.iter().map(|proof| proof.secret.clone()).collect()).await
    }

    /// The same for a request that authenticates in its own way. `secrets` are cut out of error answers.
    pub(crate) async fn open_hiding(&self, request: RequestBuilder, secrets: Vec<Secret>) -> Result<Body, Failure> {
        let begun = Instant::now();
        let opened = self.send(request, secrets).await;
        let in_trouble = opened.as_ref().is_err_and(Failure::is_the_vendors);
        telemetry::note_vendor(self.vendor.clone(), begun.elapsed(), in_trouble);
        opened
    }

    async fn send(&self, request: RequestBuilder, secrets: Vec<Secret>) -> Result<Body, Failure> {
        let first_byte_by = deadline(self.timeouts.first_byte);
        let response = until(first_byte_by, request.send()).await??;
        let body = Body::new(response, first_byte_by, self.timeouts.silence, secrets);
        if body.is_success() {
            Ok(body)
        } else {
            Err(Failure::Answered(Box::new(body.into_error(self.clock.now()).await)))
        }
    }

    fn build(&self) -> Result<Client, Failure> {
        let roots = match &self.extra_roots {
            Some(pem) => Certificate::from_pem_bundle(pem.as_bytes())?,
            None => Vec::new(),
        };
        if self.extra_roots.is_some() && roots.is_empty() {
            return Err(Failure::Misconfigured("there is no certificate in the PEM bundle".to_owned()));
        }
        let client = Client::builder()
            .user_agent(concat!("quintet/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(self.timeouts.connect)
            .pool_idle_timeout(KEEP_IDLE)
            .tls_certs_merge(roots)
            .build()?;
        Ok(client)
    }
}

impl Auth<'_> {
    fn value(&self) -> Result<Option<HeaderValue>, Failure> {
        if self.secret.is_empty() {
            return Ok(None);
        }
        let text = format!("{}{}", self.scheme, self.secret.expose());
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| Failure::Misconfigured("the key has characters that a header cannot carry".to_owned()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// `path` under a base URL that may or may not end in a slash.
pub(crate) fn endpoint(base_url: &str, path: &str) -> String {
    format!("{}{path}", base_url.trim_end_matches('/'))
}
