//! What browsers may do with the console's pages.

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// The content security policy: the console's own scripts and styles, nothing inline, and the products' APIs, sockets and pictures.
#[derive(Clone)]
pub(super) struct Policy(HeaderValue);

impl Policy {
    /// For products on these ports of this machine.
    pub(super) fn new(ports: impl Iterator<Item = u16>) -> Self {
        let hosts = ["localhost", "127.0.0.1"];
        let hosts: Vec<_> = ports.flat_map(|port| hosts.map(|host| format!("{host}:{port}"))).collect();
        let sources = |scheme: &str| {
            let sources: Vec<_> = hosts.iter().map(|host| format!(" {scheme}://{host}")).collect();
            sources.concat()
        };
        let (http, ws) = (sources("http"), sources("ws"));
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{http}; connect-src 'self'{http}{ws}; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        // Hosts and ports are plain ASCII; the fallback forbids everything.
        Self(HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'")))
    }
}

/// Puts the headers on every answer.
pub(super) async fn guard(State(policy): State<Policy>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy.0);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A new build has other files under the same names.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_and_nobody_else() {
        let policy = Policy::new([8000].into_iter()).0;
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("script-src 'self';") && policy.contains("style-src 'self';"), "{policy}");
        assert!(policy.contains("img-src 'self' http://localhost:8000 http://127.0.0.1:8000;"), "{policy}");
        assert!(policy.contains("ws://localhost:8000"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
