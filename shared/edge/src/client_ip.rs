//! The client's address, as the outermost trusted proxy saw it.
//!
//! API Gateway's `requestContext.http.sourceIp` (REST API: `requestContext.identity.sourceIp`) cannot be forged. Behind
//! CloudFront it is CloudFront's address, and the viewer's is in `x-viewer-address`, which the product's distribution
//! overwrites in every request (docs/decisions/0014). A shared secret proves that a request came through the
//! distribution; without it the header is ignored.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;
use subtle::ConstantTimeEq as _;

use crate::vars::{ConfigError, Vars, malformed};

const VIEWER: &str = "x-viewer-address";
const SECRET: &str = "x-origin-verify";

/// Minimum length of a secret, in bytes.
const MIN_SECRET: usize = 32;

/// The source of client addresses.
#[derive(Clone)]
pub(crate) enum TrustedProxy {
    /// API Gateway.
    Gateway,
    /// CloudFront, for requests with its secret.
    CloudFront {
        /// Accepted values of `x-origin-verify`: more than one only during rotation.
        secrets: Arc<[String]>,
    },
}

/// The client's address, if known. An extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source(pub(crate) Option<IpAddr>);

impl TrustedProxy {
    /// Reads `TRUSTED_PROXY`: `gateway` (also if it is not set) or `cloudfront`, which then needs `ORIGIN_SECRET`:
    /// secrets of at least 32 bytes, separated by commas.
    pub(crate) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        match vars.get("TRUSTED_PROXY") {
            None | Some("gateway") => Ok(Self::Gateway),
            Some("cloudfront") => {
                let secrets: Vec<_> =
                    vars.require("ORIGIN_SECRET")?.split(',').map(|it| it.trim().to_owned()).collect();
                if secrets.iter().any(|secret| secret.len() < MIN_SECRET) {
                    return Err(malformed("ORIGIN_SECRET", &"expected at least 32 bytes in each"));
                }
                Ok(Self::CloudFront { secrets: secrets.into() })
            }
            Some(_) => Err(malformed("TRUSTED_PROXY", &"expected gateway or cloudfront")),
        }
    }

    fn source(&self, headers: &HeaderMap, context: Option<&RequestContext>) -> Source {
        if let Self::CloudFront { secrets } = self
            && let Some(shown) = headers.get(SECRET)
            && secrets.iter().any(|secret| shown.as_bytes().ct_eq(secret.as_bytes()).into())
        {
            return Source(headers.get(VIEWER).and_then(|viewer| viewer.to_str().ok()?.parse().ok()));
        }
        let address = match context {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
            _ => None,
        };
        Source(address.and_then(|address| address.parse().ok()))
    }
}

/// Stores the client's address in the request's extensions.
pub(crate) async fn note_source(State(hop): State<TrustedProxy>, mut request: Request, next: Next) -> Response {
    let source = hop.source(request.headers(), request.extensions().get::<RequestContext>());
    request.extensions_mut().insert(source);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ORIGIN_SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn context(address: &str) -> RequestContext {
        let context = json!({
            "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": "" },
            "stage": "$default", "timeEpoch": 0
        });
        RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap())
    }

    fn rest_context(address: &str) -> RequestContext {
        let context = json!({ "httpMethod": "GET", "identity": { "sourceIp": address }, "stage": "live" });
        RequestContext::ApiGatewayV1(serde_json::from_value(context).unwrap())
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn vars(pairs: &[(&str, &str)]) -> Vars {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn behind_cloudfront() -> TrustedProxy {
        TrustedProxy::read(&vars(&[("TRUSTED_PROXY", "cloudfront"), ("ORIGIN_SECRET", ORIGIN_SECRET)])).unwrap()
    }

    fn address(text: &str) -> Source {
        Source(Some(text.parse().unwrap()))
    }

    #[test]
    fn the_gateway_is_believed_and_no_header_is() {
        let hop = TrustedProxy::read(&vars(&[])).unwrap();
        let forged = headers(&[("x-forwarded-for", "198.51.100.1"), (VIEWER, "198.51.100.1"), (SECRET, ORIGIN_SECRET)]);
        assert_eq!(hop.source(&forged, Some(&context("203.0.113.7"))), address("203.0.113.7"));
        assert_eq!(hop.source(&forged, Some(&context("2001:db8::1"))), address("2001:db8::1"));
        assert_eq!(hop.source(&forged, Some(&rest_context("203.0.113.7"))), address("203.0.113.7"));
        assert_eq!(hop.source(&forged, None), Source(None));
    }

    #[test]
    fn cloudfront_is_believed_when_it_shows_the_secret() {
        let hop = behind_cloudfront();
        for (viewer, wanted) in
            [("198.51.100.1", "198.51.100.1"), ("2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")]
        {
            let shown = headers(&[(VIEWER, viewer), (SECRET, ORIGIN_SECRET)]);
            assert_eq!(hop.source(&shown, Some(&context("203.0.113.7"))), address(wanted), "{viewer}");
        }
    }

    #[test]
    fn a_call_that_bypasses_cloudfront_is_where_the_gateway_says() {
        let hop = behind_cloudfront();
        let wrong = "0123456789abcdef0123456789abcdeX";
        for secret in [None, Some(""), Some(wrong), Some("0123456789abcdef0123456789abcde")] {
            let mut forged = headers(&[(VIEWER, "198.51.100.1")]);
            if let Some(secret) = secret {
                forged.insert(SECRET, secret.parse().unwrap());
            }
            assert_eq!(hop.source(&forged, Some(&context("203.0.113.7"))), address("203.0.113.7"), "{secret:?}");
        }
    }

    #[test]
    fn while_the_secret_is_changed_the_old_and_the_new_one_are_believed() {
        let newer = "fedcba9876543210fedcba9876543210";
        let both = format!("{newer},{ORIGIN_SECRET}");
        let hop = TrustedProxy::read(&vars(&[("TRUSTED_PROXY", "cloudfront"), ("ORIGIN_SECRET", &both)])).unwrap();
        let from = |secret: &'static str| {
            hop.source(&headers(&[(VIEWER, "198.51.100.1"), (SECRET, secret)]), Some(&context("203.0.113.7")))
        };
        assert_eq!(from(newer), address("198.51.100.1"));
        assert_eq!(from(ORIGIN_SECRET), address("198.51.100.1"));
        let all: &'static str = both.clone().leak();
        assert_eq!(from(all), address("203.0.113.7"), "the list is not a secret itself");
    }

    #[test]
    fn a_viewer_that_cloudfront_does_not_name_is_nobody() {
        let hop = behind_cloudfront();
        for viewer in
            [None, Some(""), Some("198.51.100.1:443"), Some("x"), Some("198.51.100"), Some("198.51.100.1, 203.0.113.9")]
        {
            let mut shown = headers(&[(SECRET, ORIGIN_SECRET)]);
            if let Some(viewer) = viewer {
                shown.insert(VIEWER, viewer.parse().unwrap());
            }
            assert_eq!(hop.source(&shown, Some(&context("203.0.113.7"))), Source(None), "{viewer:?}");
        }
    }

    #[test]
    fn a_setting_that_makes_no_sense_stops_the_start() {
        let fails = |pairs: &[(&str, &str)]| TrustedProxy::read(&vars(pairs)).err().expect("an error").to_string();
        assert!(fails(&[("TRUSTED_PROXY", "proxy")]).contains("TRUSTED_PROXY"));
        assert!(fails(&[("TRUSTED_PROXY", "cloudfront")]).contains("ORIGIN_SECRET"));
        let short = fails(&[("TRUSTED_PROXY", "cloudfront"), ("ORIGIN_SECRET", "short")]);
        assert!(short.contains("ORIGIN_SECRET") && !short.contains("\"short\""), "{short}");
        let trailing = format!("{ORIGIN_SECRET},");
        assert!(fails(&[("TRUSTED_PROXY", "cloudfront"), ("ORIGIN_SECRET", &trailing)]).contains("ORIGIN_SECRET"));
    }
}
