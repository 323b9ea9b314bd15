//! The sender of webhooks: [`HttpWebhookSender`].
//!
//! Customers choose the URLs, so this client must not reach our own network (SSRF). Names are resolved here, at each
//! call, and the connection goes to the addresses that were checked, which defeats DNS rebinding. Redirects are not
//! followed, and no proxy is used.

mod resolver;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::kernel::{Clock, Timestamp};
use domain::webhooks::{EgressPolicy, Header, SendFailure, SentAnswer, SharedWebhookSender, WebhookSender};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, Url, redirect};

use crate::variables::{MalformedVariable, Variables};
use resolver::{Blocked, GuardedResolver, Lookup, SystemLookup, cause};

/// Time-out of a call, from the DNS look-up to the end of the answer.
const TOTAL: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);
/// Most bytes read of an answer.
const MAX_ANSWER: usize = 64 * 1024;
/// Most bytes stored of an answer.
const MAX_EXCERPT: usize = 1024;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookSettings {
    pub egress: EgressPolicy,
}

impl WebhookSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// `WEBHOOK_ALLOW_PRIVATE` (default `false`) allows loopback addresses and http, for the local stack and tests.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let allowed = Variables(&get).switch("WEBHOOK_ALLOW_PRIVATE", false)?;
        Ok(Self { egress: if allowed { EgressPolicy::LoopbackToo } else { EgressPolicy::Internet } })
    }
}

/// The configured sender.
pub fn webhook_sender(settings: WebhookSettings, clock: Arc<dyn Clock>) -> SharedWebhookSender {
    Arc::new(HttpWebhookSender::new(settings, clock))
}

/// Sends webhooks over HTTP, to public addresses only.
pub struct HttpWebhookSender {
    egress: EgressPolicy,
    clock: Arc<dyn Clock>,
    lookup: Arc<dyn Lookup>,
    total: Duration,
    client: OnceLock<Client>,
}

impl HttpWebhookSender {
    /// A sender whose client is built at the first call.
    pub fn new(settings: WebhookSettings, clock: Arc<dyn Clock>) -> Self {
        let (egress, lookup) = (settings.egress, Arc::new(SystemLookup));
        Self { egress, clock, lookup, total: TOTAL, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, SendFailure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Two concurrent first calls may both build; one client is kept.
        let built = self.build().map_err(failure)?;
        Ok(self.client.get_or_init(|| built))
    }

    fn build(&self) -> reqwest::Result<Client> {
        let resolver = GuardedResolver { egress: self.egress, lookup: Arc::clone(&self.lookup) };
        Client::builder()
            .user_agent("Quintet-Webhooks/1")
            .dns_resolver(resolver)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .https_only(!self.egress.admits_http())
            .connect_timeout(CONNECT)
            // Receivers are many and called rarely, and a pooled connection would skip the check of its address.
            .pool_max_idle_per_host(0)
            .build()
    }

    async fn post(&self, url: Url, headers: &[Header], body: Bytes) -> Result<Response, SendFailure> {
        let mut request = self.client()?.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.map_err(failure)
    }
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    async fn send(&self, url: &str, headers: &[Header], body: Bytes) -> Result<SentAnswer, SendFailure> {
        let begun = self.clock.now();
        let url = Url::parse(url).map_err(|error| SendFailure::Unreachable(error.to_string()))?;
        check_literal(&url, self.egress)?;
        let Some(deadline) = tokio::time::Instant::now().checked_add(self.total) else {
            return Err(SendFailure::TimedOut);
        };
        let sent = tokio::time::timeout_at(deadline, self.post(url, headers, body)).await;
        let mut response = sent.map_err(|_| SendFailure::TimedOut)??;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response, self.clock.now());
        let mut text = Vec::new();
        // The status decides: a body that breaks off changes nothing.
        let _ = tokio::time::timeout_at(deadline, read(&mut response, &mut text)).await;
        let took = self.clock.now().duration_since(begun).unsigned_abs();
        Ok(SentAnswer { status, retry_after, excerpt: excerpt(&text), took })
    }
}

/// Checks a literal address, which does not go through the resolver. The URL parser has normalized all forms of IPv4.
fn check_literal(url: &Url, egress: EgressPolicy) -> Result<(), SendFailure> {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    match address {
        Ok(address) if !egress.admits(address) => Err(SendFailure::Refused(Blocked.to_string())),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads more of the body than is stored: a receiver whose answer is cut off may take the call for failed.
async fn read(response: &mut Response, text: &mut Vec<u8>) {
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        text.extend(chunk.iter().take(MAX_EXCERPT.saturating_sub(text.len())));
        if length >= MAX_ANSWER {
            return;
        }
    }
}

/// The beginning of a body as text, cut between characters.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.get(..text.floor_char_boundary(MAX_EXCERPT)).unwrap_or_default().trim_end_matches('\u{fffd}').to_owned()
}

/// `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3). A past date is no wait; a malformed value is
/// `None`.
fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn failure(error: reqwest::Error) -> SendFailure {
    if let Some(blocked) = cause::<Blocked>(&error) {
        return SendFailure::Refused(blocked.to_string());
    }
    if error.is_timeout() {
        return SendFailure::TimedOut;
    }
    SendFailure::Unreachable(resolver::innermost(&error.without_url()))
}
