//! Google's protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::identity::{Email, OAuthError, OAuthProvider, UserName};
use futures_util::future::join_all;
use serde_json::{Value, json};
use vendors::oauth::{Google, GoogleSettings};
use vendors::{Secret, Timeouts};

use super::signing::{FIRST, FORGER, Key, SECOND, set, unsigned};
use super::{CLIENT, CODE, NONCE, REDIRECT, SECRET, VERIFIER, assert_failures, exchange, form, pairs, path, untrusted};
use crate::fixtures::{TestClock, patient};
use crate::server::{Answer, Server};

/// 2026-01-21T11:49:35Z, when test clocks begin.
const NOW: i64 = 1_768_996_175;

fn claims() -> Value {
    json!({
        "iss": "https://accounts.google.com", "azp": CLIENT, "aud": CLIENT, "sub": "110169484474386276334",
        "email": "Ivan@Example.com", "email_verified": true, "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "nonce": NONCE,
        "name": "Иван Петров", "picture": "https://lh3.example/a", "given_name": "Иван", "iat": NOW, "exp": NOW + 3599
    })
}

/// The usual claims with some others; null takes one away.
fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn reply(id_token: &str) -> Answer {
    let reply = json!({
        "access_token": "ya29.token", "expires_in": 3599, "scope": "openid", "token_type": "Bearer", "id_token": id_token
    });
    Answer::ok(reply.to_string())
}

fn settings(url: &str, timeouts: Timeouts) -> GoogleSettings {
    let mut settings = GoogleSettings::new(CLIENT, Secret::new(SECRET));
    settings.authorize_url = format!("{url}/auth");
    settings.token_url = format!("{url}/token");
    settings.jwks_url = format!("{url}/certs");
    settings.timeouts = timeouts;
    settings
}

fn google(server: &Server, clock: &Arc<TestClock>) -> Google {
    Google::new(settings(&server.url(), patient()), clock.clone())
}

/// A server whose n-th token is that of `token` and whose n-th key set is that of `keys`.
async fn serve(
    token: impl Fn(usize) -> String + Send + Sync + 'static,
    keys: impl Fn(usize) -> Answer + Send + Sync + 'static,
) -> Server {
    Server::start(move |request, earlier| match path(request) {
        "/token" => reply(&token(earlier)),
        _ => keys(earlier),
    })
    .await
}

fn fetches(server: &Server) -> usize {
    server.seen().iter().filter(|request| request.path == "/certs").count()
}

/// What becomes of one token, when the provider has the first key.
async fn told(token: String) -> Result<domain::identity::OAuthPerson, OAuthError> {
    let server = serve(move |_| token.clone(), |_| Answer::ok(set(&[&FIRST]))).await;
    exchange(&google(&server, &TestClock::new())).await
}

#[tokio::test]
async fn requests_are_as_documented_and_the_person_comes_from_the_id_token() {
    let server = serve(|_| FIRST.sign(&claims()), |_| Answer::ok(set(&[&FIRST, &SECOND]))).await;
    let google = google(&server, &TestClock::new());
    let (page, query) = super::parameters(&google);
    assert_eq!(page, format!("{}/auth", server.url()));
    let wanted = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email profile"),
        ("state", "st&te"),
        ("nonce", NONCE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!(query, pairs(&wanted));

    let person = exchange(&google).await.unwrap();
    assert_eq!(person.subject, "110169484474386276334");
    assert_eq!(person.email, Some(Email::parse("ivan@example.com").unwrap()));
    assert!(person.email_verified);
    assert_eq!(person.name, Some(UserName::parse("Иван Петров").unwrap()));
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/token"));
    assert_eq!(seen[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    let wanted = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
    ];
    assert_eq!(form(&seen[0].body), pairs(&wanted));
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str()), ("GET", "/certs"));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn both_spellings_of_the_issuer_and_lists_of_audiences_are_taken() {
    for good in [
        json!({ "iss": "accounts.google.com" }),
        json!({ "azp": null }),
        json!({ "aud": [CLIENT], "azp": null }),
        json!({ "aud": ["other", CLIENT] }),
    ] {
        assert!(told(FIRST.sign(&claims_with(&good))).await.is_ok(), "{good}");
    }
}

#[tokio::test]
async fn what_is_not_told_is_not_made_up() {
    let person = told(FIRST.sign(&claims_with(&json!({ "email": null, "name": null })))).await.unwrap();
    assert_eq!((person.email, person.email_verified, person.name), (None, false, None));
    for unverified in [json!({ "email_verified": false }), json!({ "email_verified": null })] {
        let person = told(FIRST.sign(&claims_with(&unverified))).await.unwrap();
        assert!(person.email.is_some() && !person.email_verified);
    }
    let person =
        told(FIRST.sign(&claims_with(&json!({ "email": "no address", "name": "x".repeat(101) })))).await.unwrap();
    assert_eq!((person.email, person.email_verified, person.name), (None, false, None));
}

#[tokio::test]
async fn a_token_of_another_issuer_audience_sign_in_or_time_is_refused() {
    const ISSUER: &str = "the ID token is of another issuer";
    const AUDIENCE: &str = "the ID token is for somebody else";
    const NONCE: &str = "the ID token is of another sign-in";
    const TIME: &str = "the ID token expired";
    const FORM: &str = "the ID token's signature or claims";
    for (change, reason) in [
        (json!({ "iss": "https://accounts.google.com.evil.example" }), ISSUER),
        (json!({ "iss": "https://accounts.google.com/" }), ISSUER),
        (json!({ "iss": "" }), ISSUER),
        (json!({ "iss": null }), FORM),
        (json!({ "iss": ["https://accounts.google.com"] }), FORM),
        (json!({ "aud": "other" }), AUDIENCE),
        (json!({ "aud": [] }), AUDIENCE),
        (json!({ "aud": ["other"] }), AUDIENCE),
        (json!({ "aud": ["other", CLIENT], "azp": null }), AUDIENCE),
        (json!({ "azp": "other" }), AUDIENCE),
        (json!({ "aud": null }), FORM),
        (json!({ "nonce": "other" }), NONCE),
        (json!({ "nonce": "" }), NONCE),
        (json!({ "nonce": null }), NONCE),
        (json!({ "exp": NOW - 60 }), TIME),
        (json!({ "exp": i64::MIN }), TIME),
        (json!({ "exp": null }), FORM),
        (json!({ "exp": "soon" }), FORM),
        (json!({ "sub": null }), FORM),
        (json!({ "email_verified": "true" }), FORM),
        (json!({ "sub": "" }), "the person's id is malformed"),
        (json!({ "sub": "a b" }), "the person's id is malformed"),
        (json!({ "sub": "1".repeat(256) }), "the person's id is malformed"),
    ] {
        assert_eq!(untrusted(told(FIRST.sign(&claims_with(&change))).await), reason, "{change}");
    }
    let just_in_time = claims_with(&json!({ "exp": NOW - 59 }));
    assert!(told(FIRST.sign(&just_in_time)).await.is_ok(), "a minute of skew is allowed");
}

#[tokio::test]
async fn only_a_signature_of_the_providers_key_counts() {
    const SIGNATURE: &str = "the ID token's signature or claims";
    const HEADER: &str = "the ID token's header";
    const ALGORITHM: &str = "the ID token is not signed with RS256";
    assert_eq!(untrusted(told(FORGER.sign(&claims())).await), SIGNATURE);
    let good = FIRST.sign(&claims());
    let parts: Vec<_> = good.split('.').collect();
    let other_claims = FIRST.sign(&claims_with(&json!({ "sub": "1" })));
    let swapped = format!("{}.{}.{}", parts[0], other_claims.split('.').nth(1).unwrap(), parts[2]);
    assert_eq!(untrusted(told(swapped).await), SIGNATURE);
    assert_eq!(untrusted(told(format!("{}.{}.", parts[0], parts[1])).await), SIGNATURE);
    for alg in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": "key-1" });
        assert_eq!(untrusted(told(format!("{}.", unsigned(&header, &claims()))).await), HEADER, "{alg}");
        assert_eq!(untrusted(told(FIRST.sign_with(&header, &claims())).await), HEADER, "{alg}");
    }
    for secret in FIRST.public_secrets() {
        assert_eq!(untrusted(told(FIRST.confuse(&secret, &claims())).await), ALGORITHM);
    }
    for alg in ["RS384", "RS512", "PS256", "ES256", "HS512"] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": "key-1" });
        assert_eq!(untrusted(told(FIRST.sign_with(&header, &claims())).await), ALGORITHM, "{alg}");
    }
    let nameless = FIRST.sign_with(&json!({ "alg": "RS256" }), &claims());
    assert_eq!(untrusted(told(nameless).await), "the ID token does not name its key");
    // A key inside the token is nobody's key.
    let own = json!({ "alg": "RS256", "kid": "key-1", "jwk": FORGER.jwk() });
    assert_eq!(untrusted(told(FORGER.sign_with(&own, &claims())).await), SIGNATURE);
    for garbage in ["", "garbage", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9"] {
        assert_eq!(untrusted(told(garbage.to_owned()).await), HEADER, "{garbage}");
    }
}

#[tokio::test]
async fn a_reply_without_an_id_token_proves_nothing() {
    let server = Server::start(|_, _| Answer::ok(r#"{"access_token":"ya29.token"}"#)).await;
    assert_eq!(untrusted(exchange(&google(&server, &TestClock::new())).await), "there is no ID token");
}

#[tokio::test]
async fn keys_are_kept_as_long_as_they_are_said_to_live() {
    let certs = |_| Answer::ok(set(&[&FIRST])).header("cache-control", "public, max-age=600, must-revalidate");
    let server = serve(|_| FIRST.sign(&claims()), certs).await;
    let clock = TestClock::new();
    let google = google(&server, &clock);
    for person in join_all((0..8).map(|_| exchange(&google))).await {
        person.unwrap();
    }
    assert_eq!(fetches(&server), 1, "those who come at once wait for one request");
    clock.advance(Duration::from_secs(599));
    exchange(&google).await.unwrap();
    assert_eq!(fetches(&server), 1);
    clock.advance(Duration::from_secs(1));
    exchange(&google).await.unwrap();
    assert_eq!(fetches(&server), 2);
}

#[tokio::test]
async fn keys_that_rotate_early_are_found() {
    let keys = |earlier| match earlier {
        0 => Answer::ok(set(&[&FIRST])).header("cache-control", "max-age=22400"),
        _ => Answer::ok(set(&[&SECOND])).header("cache-control", "max-age=22400"),
    };
    let token = |earlier| if earlier == 0 { FIRST.sign(&claims()) } else { SECOND.sign(&claims()) };
    let server = serve(token, keys).await;
    let clock = TestClock::new();
    let google = google(&server, &clock);
    exchange(&google).await.unwrap();
    clock.advance(Duration::from_mins(1));
    exchange(&google).await.unwrap();
    assert_eq!(fetches(&server), 2);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_does_not_outlive_its_set() {
    let keys = |earlier| {
        let key: &Key = if earlier == 0 { &FIRST } else { &SECOND };
        Answer::ok(set(&[key])).header("cache-control", "max-age=600")
    };
    let server = serve(|_| FIRST.sign(&claims()), keys).await;
    let clock = TestClock::new();
    let google = google(&server, &clock);
    exchange(&google).await.unwrap();
    clock.advance(Duration::from_mins(10));
    assert_eq!(untrusted(exchange(&google).await), "the ID token is signed with an unknown key");
}

#[tokio::test]
async fn tokens_of_unknown_keys_do_not_make_a_storm() {
    let certs = |_| Answer::ok(set(&[&FIRST])).header("cache-control", "max-age=22400");
    let server = serve(|_| SECOND.sign(&claims()), certs).await;
    let clock = TestClock::new();
    let google = google(&server, &clock);
    for _ in 0..20 {
        assert_eq!(untrusted(exchange(&google).await), "the ID token is signed with an unknown key");
    }
    assert_eq!(fetches(&server), 1);
    clock.advance(Duration::from_mins(1));
    for refused in join_all((0..8).map(|_| exchange(&google))).await {
        assert_eq!(untrusted(refused), "the ID token is signed with an unknown key");
    }
    assert_eq!(fetches(&server), 2, "once a minute, however many ask");
}

#[tokio::test]
async fn keys_of_other_kinds_are_passed_over() {
    let mut encrypting = SECOND.jwk();
    encrypting["use"] = json!("enc");
    let elliptic = json!({ "kty": "EC", "crv": "P-256", "kid": "key-1", "x": "AA", "y": "AA" });
    let keys =
        json!({ "keys": [elliptic, encrypting, { "kty": "new" }, { "kty": "RSA", "kid": "key-3" }, FIRST.jwk()] });
    let keys = keys.to_string();
    let server = serve(|_| FIRST.sign(&claims()), move |_| Answer::ok(&keys)).await;
    assert!(exchange(&google(&server, &TestClock::new())).await.is_ok());
}

#[tokio::test]
async fn without_keys_nobody_is_let_in() {
    let failing = [
        Answer::status(500, "down"),
        Answer::ok("not json"),
        Answer::ok("{}"),
        Answer::ok("{\"keys\":").then_cut(),
        Answer::status(429, ""),
    ];
    for answer in failing {
        let server = serve(|_| FIRST.sign(&claims()), move |_| answer.clone()).await;
        let told = exchange(&google(&server, &TestClock::new())).await;
        assert!(matches!(told, Err(OAuthError::Unavailable(_))), "{told:?}");
    }
}

#[tokio::test]
async fn keys_are_asked_for_again_after_a_failure() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let keys = move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::status(503, ""),
        _ => Answer::ok(set(&[&FIRST])),
    };
    let server = serve(|_| FIRST.sign(&claims()), keys).await;
    let google = google(&server, &TestClock::new());
    assert!(exchange(&google).await.is_err());
    assert!(exchange(&google).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn failures_are_told_apart_and_hold_no_secret() {
    assert_failures(|server, timeouts| {
        Box::new(Google::new(settings(&server.url(), timeouts), TestClock::new())) as Box<dyn OAuthProvider>
    })
    .await;
}
