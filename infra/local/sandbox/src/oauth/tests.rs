//! The providers as a client sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Client, google_client, yandex_client};
use crate::Options;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://localhost:8000/back?a=1";

/// The sandbox, and a clock that is moved by hand.
struct Sandbox {
    router: Router,
    time: Arc<AtomicI64>,
}

struct Answer {
    status: StatusCode,
    location: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.location.split_once('?')?.1;
        let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(field, _)| field == name);
        found.next().map(|(_, value)| value.into_owned())
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Sandbox {
    fn new() -> Self {
        let time = Arc::new(AtomicI64::new(1_768_478_400));
        let clock = time.clone();
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let options = Options::new("key", Duration::ZERO, clock);
        Self { router: super::router(&options), time }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-sandbox"], "true");
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status, location: location.unwrap_or_default(), text }
    }

    async fn get(&self, uri: &str, authorization: &str) -> Answer {
        let request = Request::get(uri).header(header::AUTHORIZATION, authorization);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, uri: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Request::post(uri).body(Body::from(encode(fields))).unwrap()).await
    }

    /// A code for a person, as a browser gets it.
    async fn code(&self, page: &str, client: &Client, person: &[(&str, &str)]) -> String {
        let mut fields = asking(client);
        fields.extend_from_slice(person);
        fields.push(("decision", "allow"));
        let answer = self.post(page, &fields).await;
        assert_eq!((answer.status, answer.parameter("state").as_deref()), (StatusCode::FOUND, Some("st&te")));
        assert!(answer.location.starts_with("http://localhost:8000/back?a=1&"), "{}", answer.location);
        answer.parameter("code").unwrap()
    }
}

fn asking(client: &Client) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &client.id),
        ("redirect_uri", BACK),
        ("scope", "openid email profile login:info login:email"),
        ("state", "st&te"),
        ("nonce", "n1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn redeeming<'a>(client: &'a Client, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", BACK),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ]
}

const GOOGLE: &str = "/google/o/oauth2/v2/auth";
const YANDEX: &str = "/yandex/authorize";

fn claims(answer: &Answer) -> Value {
    let token = answer.json()["id_token"].as_str().unwrap().to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_page_says_what_it_is_and_keeps_the_request() {
    let sandbox = Sandbox::new();
    let (google, yandex) = (google_client("key"), yandex_client("key"));
    for (page, client, names) in
        [(GOOGLE, &google, &["Анна", "Борис"][..]), (YANDEX, &yandex, &["Вера", "Глеб", "Дина"])]
    {
        let mut fields = asking(client);
        fields[4] = ("state", "\"><script>alert(1)</script>");
        let answer = sandbox.get(&format!("{page}?{}", encode(&fields)), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        for word in names.iter().chain(&["Песочница", "Разрешить", "Отказать", CHALLENGE, "<form method=\"post\">"])
        {
            assert!(answer.text.contains(word), "{word}: {}", answer.text);
        }
        assert!(!answer.text.contains("<script"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_request_that_no_provider_takes_is_told_on_the_page() {
    let sandbox = Sandbox::new();
    let client = google_client("key");
    for (index, wrong) in [
        (0, ("response_type", "token")),
        (1, ("client_id", "other")),
        (2, ("redirect_uri", "javascript:alert(1)")),
        (2, ("redirect_uri", "http://localhost/#fragment")),
        (7, ("code_challenge_method", "plain")),
    ] {
        let mut fields = asking(&client);
        fields[index] = wrong;
        let asked = sandbox.get(&format!("{GOOGLE}?{}", encode(&fields)), "").await;
        fields.extend([("person", "anna"), ("decision", "allow")]);
        let answered = sandbox.post(GOOGLE, &fields).await;
        for answer in [asked, answered] {
            assert_eq!((answer.status, answer.location.as_str()), (StatusCode::BAD_REQUEST, ""), "{wrong:?}");
            assert!(answer.text.contains(wrong.0), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn whoever_says_no_goes_back_without_a_code() {
    let sandbox = Sandbox::new();
    let client = yandex_client("key");
    let mut fields = asking(&client);
    fields.extend([("person", "vera"), ("decision", "deny")]);
    let answer = sandbox.post(YANDEX, &fields).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.parameter("state").as_deref(), Some("st&te"));
    assert_eq!(answer.parameter("code"), None);
}

#[tokio::test]
async fn googles_id_token_names_the_person_and_the_request() {
    let sandbox = Sandbox::new();
    let client = google_client("key");
    let code = sandbox.code(GOOGLE, &client, &[("person", "anna")]).await;
    let answer = sandbox.post("/google/token", &redeeming(&client, &code)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let anna = claims(&answer);
    assert_eq!((anna["email"].as_str(), anna["email_verified"].as_bool()), (Some("anna@example.com"), Some(true)));
    assert_eq!((anna["aud"].as_str(), anna["nonce"].as_str()), (Some(client.id.as_str()), Some("n1")));
    assert_eq!((anna["iss"].as_str(), anna["name"].as_str()), (Some(super::GOOGLE_ISSUER), Some("Анна Смирнова")));
    let own = [("person", "other"), ("email", "Own@example.com"), ("name", "Свой")];
    let code = sandbox.code(GOOGLE, &client, &own).await;
    let own = claims(&sandbox.post("/google/token", &redeeming(&client, &code)).await);
    assert_eq!((own["email"].as_str(), own["email_verified"].as_bool()), (Some("Own@example.com"), Some(false)));
    assert_ne!(own["sub"], anna["sub"]);
}

#[tokio::test]
async fn a_code_works_once_in_time_and_for_who_asked() {
    let sandbox = Sandbox::new();
    let client = google_client("key");
    let fresh = async || sandbox.code(GOOGLE, &client, &[("person", "anna")]).await;
    let told = async |fields: &[(&str, &str)]| {
        let answer = sandbox.post("/google/token", fields).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let code = fresh().await;
    assert_eq!(told(&redeeming(&client, &code)).await.0, 200);
    assert_eq!(told(&redeeming(&client, &code)).await, (400, "invalid_grant".to_owned()));
    for (index, wrong, status, error) in [
        (0, ("grant_type", "password"), 400, "unsupported_grant_type"),
        (1, ("code", "other"), 400, "invalid_grant"),
        (2, ("code_verifier", "other"), 400, "invalid_grant"),
        (2, ("code_verifier", ""), 400, "invalid_grant"),
        (3, ("redirect_uri", "http://localhost:8000/other"), 400, "invalid_grant"),
        (4, ("client_id", "other"), 401, "invalid_client"),
        (5, ("client_secret", "other"), 401, "invalid_client"),
        (5, ("client_secret", ""), 401, "invalid_client"),
    ] {
        let code = fresh().await;
        let mut fields = redeeming(&client, &code);
        fields[index] = wrong;
        assert_eq!(told(&fields).await, (status, error.to_owned()), "{wrong:?}");
    }
    let (in_time, late) = (fresh().await, fresh().await);
    sandbox.time.fetch_add(599, Ordering::SeqCst);
    assert_eq!(told(&redeeming(&client, &in_time)).await.0, 200);
    sandbox.time.fetch_add(1, Ordering::SeqCst);
    assert_eq!(told(&redeeming(&client, &late)).await, (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn credentials_may_come_as_a_header() {
    let sandbox = Sandbox::new();
    let client = yandex_client("key");
    let code = sandbox.code(YANDEX, &client, &[("person", "vera")]).await;
    let fields = encode(&redeeming(&client, &code)[..3]);
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.id, client.secret)));
    let request = Request::post("/yandex/token").header(header::AUTHORIZATION, basic).body(Body::from(fields)).unwrap();
    assert_eq!(sandbox.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn yandexs_profile_opens_to_its_own_scheme_only() {
    let sandbox = Sandbox::new();
    let client = yandex_client("key");
    let mut profiles = Vec::new();
    for person in ["vera", "gleb", "dina"] {
        let code = sandbox.code(YANDEX, &client, &[("person", person)]).await;
        let token = sandbox.post("/yandex/token", &redeeming(&client, &code)).await.json();
        let token = token["access_token"].as_str().unwrap();
        for wrong in [format!("Bearer {token}"), token.to_owned(), String::new(), "OAuth other".to_owned()] {
            assert_eq!(sandbox.get("/yandex/info?format=json", &wrong).await.status, StatusCode::UNAUTHORIZED);
        }
        profiles.push(sandbox.get("/yandex/info?format=json", &format!("OAuth {token}")).await.json());
    }
    assert_eq!(profiles[0]["default_email"], "vera@yandex.ru");
    assert_eq!(
        (profiles[0]["login"].as_str(), profiles[0]["real_name"].as_str()),
        (Some("vera"), Some("Вера Лебедева"))
    );
    assert_eq!(profiles[1]["default_email"], "gleb@example.com");
    assert!(profiles[2].get("default_email").is_none(), "{}", profiles[2]);
    assert!(profiles.iter().all(|profile| profile["client_id"] == client.id && profile["id"].is_string()));
}

#[tokio::test]
async fn a_new_key_signs_and_the_one_before_stays_published() {
    let sandbox = Sandbox::new();
    let ids = async || {
        let keys = sandbox.get("/google/oauth2/v3/certs", "").await.json()["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rotate = async || sandbox.post("/google/rotate", &[]).await.json()["kid"].as_str().unwrap().to_owned();
    let first = rotate().await;
    let second = rotate().await;
    assert_eq!(ids().await, [second.clone(), first]);
    let third = rotate().await;
    assert_eq!(ids().await, [third, second]);
}
