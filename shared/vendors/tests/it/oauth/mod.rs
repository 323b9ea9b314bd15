//! Providers' protocols.

mod google;
mod signing;
mod yandex;

use std::time::Duration;

use domain::identity::{AuthorizeRequest, CodeExchange, OAuthError, OAuthPerson, OAuthProvider};
use vendors::Timeouts;

use crate::fixtures::{SHORT, patient};
use crate::server::{Answer, Request, Server};

const CLIENT: &str = "client-1.apps.example";
const SECRET: &str = "GOCSPX-secret";
const CODE: &str = "4/0AX4-code";
const NONCE: &str = "n-0S6_WzA2Mj";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "https://api.example/auth/callback?x=1&y=2";

async fn exchange(provider: &dyn OAuthProvider) -> Result<OAuthPerson, OAuthError> {
    let exchange = CodeExchange { code: CODE, verifier: VERIFIER, nonce: NONCE, redirect_uri: REDIRECT };
    provider.exchange(&exchange).await
}

/// The parameters of the page where a person is asked.
fn parameters(provider: &dyn OAuthProvider) -> (String, Vec<(String, String)>) {
    let request = AuthorizeRequest {
        state: "st&te",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        nonce: NONCE,
        redirect_uri: REDIRECT,
    };
    let url = provider.authorize_url(&request);
    let (page, query) = url.split_once('?').unwrap();
    (page.to_owned(), form(query))
}

/// The fields of a form, or of a query.
fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            let digits = if byte == b'%' { [bytes.next(), bytes.next()] } else { [None, None] };
            decoded.push(match digits {
                [Some(high), Some(low)] => u8::from_str_radix(std::str::from_utf8(&[high, low]).unwrap(), 16).unwrap(),
                _ => byte,
            });
        }
        String::from_utf8(decoded).unwrap()
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn untrusted(result: Result<OAuthPerson, OAuthError>) -> &'static str {
    match result {
        Err(OAuthError::Untrusted(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// Asserts how the token endpoint's failures are told, and that nothing secret is in them.
async fn assert_failures(provider: impl Fn(&Server, Timeouts) -> Box<dyn OAuthProvider>) {
    let told = async |answer: Answer| {
        let server = Server::start(move |_, _| answer.clone()).await;
        exchange(&*provider(&server, patient())).await.unwrap_err()
    };
    let invalid = r#"{"error":"invalid_grant","error_description":"Malformed auth code."}"#;
    assert_eq!(told(Answer::status(400, invalid)).await, OAuthError::InvalidCode);
    assert_eq!(told(Answer::status(400, r#"{"error":"bad_verification_code"}"#)).await, OAuthError::InvalidCode);
    for status in [429, 500, 502, 503] {
        let error = told(Answer::status(status, "down")).await;
        assert!(matches!(error, OAuthError::Unavailable(_)), "{status} {error:?}");
    }
    for broken in ["", "not json", "5", r#"{"id_token":5,"access_token":5}"#, r#"{"access_token":"","id_token":"#] {
        let error = told(Answer::ok(broken)).await;
        assert!(matches!(error, OAuthError::Unavailable(_)), "{broken} {error:?}");
    }
    assert!(matches!(told(Answer::ok("{").then_cut()).await, OAuthError::Unavailable(_)));
    assert!(matches!(told(Answer::ok(" ".repeat(300_000))).await, OAuthError::Unavailable(_)));
    for status in [301, 302, 400, 401, 403, 404] {
        let text = format!(r#"{{"error":"invalid_client {SECRET} {CODE} {VERIFIER}"}}"#);
        let OAuthError::Refused(reason) = told(Answer::status(status, text)).await else { panic!("{status}") };
        assert!(reason.contains("invalid_client *** *** ***"), "{reason}");
    }
    let server = Server::start(|_, _| Answer::silence()).await;
    let hasty = Timeouts { first_byte: SHORT, ..patient() };
    assert!(matches!(exchange(&*provider(&server, hasty)).await, Err(OAuthError::Unavailable(_))));
    let hasty = Timeouts { total: SHORT, ..patient() };
    assert!(matches!(exchange(&*provider(&server, hasty)).await, Err(OAuthError::Unavailable(_))));
    drop(server);
    let gone = Server::start(|_, _| Answer::ok("")).await;
    let provider = provider(&gone, Timeouts { total: Duration::from_secs(5), ..patient() });
    drop(gone);
    assert!(matches!(exchange(&*provider).await, Err(OAuthError::Unavailable(_))));
}

fn path(request: &Request) -> &str {
    request.path.split('?').next().unwrap()
}
