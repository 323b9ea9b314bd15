//! Security headers of the console's pages.

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// Content security policies: the console's own scripts and styles, and the products' APIs, sockets and pictures.
pub(super) struct Policies {
    /// Nothing inline.
    pub(super) pages: HeaderValue,
    /// Inline styles are allowed: Scalar sets its own.
    pub(super) reference: HeaderValue,
}

impl Policies {
    /// For products on these ports of this machine.
    pub(super) fn new(ports: impl Iterator<Item = u16>) -> Self {
        let hosts = ["localhost", "127.0.0.1"];
        let hosts: Vec<_> = ports.flat_map(|port| hosts.map(|host| format!("{host}:{port}"))).collect();
        let sources = |scheme: &str| {
            let sources: Vec<_> = hosts.iter().map(|host| format!(" {scheme}://{host}")).collect();
            sources.concat()
        };
        let (http, ws) = (sources("http"), sources("ws"));
        let policy = |styles: &str| {
            let policy = format!(
                "default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self'{http}; connect-src 'self'{http}{ws}; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
            );
            // Hosts and ports are plain ASCII; the fallback forbids everything.
            HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
        };
        Self { pages: policy("'self'"), reference: policy("'self' 'unsafe-inline'") }
    }
}

/// Puts the headers on every response; a page may have brought a policy of its own.
pub(super) async fn guard(State(policy): State<HeaderValue>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
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
    fn nothing_inline_but_scalars_styles_and_no_other_host() {
        let Policies { pages, reference } = Policies::new([8000].into_iter());
        let (pages, reference) = (pages.to_str().unwrap(), reference.to_str().unwrap());
        assert!(pages.contains("script-src 'self';") && pages.contains("style-src 'self';"), "{pages}");
        assert!(pages.contains("img-src 'self' http://localhost:8000 http://127.0.0.1:8000;"), "{pages}");
        assert!(pages.contains("ws://localhost:8000"), "{pages}");
        assert!(!pages.contains("unsafe"), "{pages}");
        assert_eq!(reference.replace("style-src 'self' 'unsafe-inline'", "style-src 'self'"), pages);
    }
}
