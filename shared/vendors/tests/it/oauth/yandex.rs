//! Yandex ID's protocol.

use domain::identity::{Email, OAuthError, OAuthPerson, OAuthProvider, UserName};
use serde_json::{Value, json};
use vendors::oauth::{Yandex, YandexSettings};
use vendors::{Secret, Timeouts};

use super::{CLIENT, CODE, REDIRECT, SECRET, VERIFIER, assert_failures, exchange, form, pairs, path, untrusted};
use crate::fixtures::{TestClock, patient};
use crate::server::{Answer, Server};

const TOKEN: &str = "AQAAAACy1C6ZAAAAfa6vDLuItEy8pg-iIpnDxIs";

fn settings(url: &str, timeouts: Timeouts) -> YandexSettings {
    let mut settings = YandexSettings::new(CLIENT, Secret::new(SECRET));
    settings.authorize_url = format!("{url}/authorize");
    settings.token_url = format!("{url}/token");
    settings.info_url = format!("{url}/info");
    settings.timeouts = timeouts;
    settings
}

fn yandex(server: &Server) -> Yandex {
    Yandex::new(settings(&server.url(), patient()), TestClock::new())
}

fn profile() -> Value {
    json!({
        "id": "1000034426", "login": "ivan", "client_id": CLIENT, "psuid": "1.AAceCw.tbHgw5D", "display_name": "Ваня",
        "real_name": "Иван Петров", "first_name": "Иван", "last_name": "Петров", "sex": "male",
        "default_email": "ivan@yandex.ru", "emails": ["ivan@yandex.ru", "ivan@example.com"], "birthday": "0000-00-00"
    })
}

fn profile_with(changes: &Value) -> Value {
    let mut profile = profile();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            profile.as_object_mut().unwrap().remove(name);
        } else {
            profile[name] = value.clone();
        }
    }
    profile
}

async fn serve(profile: Answer) -> Server {
    let reply =
        json!({ "access_token": TOKEN, "expires_in": 31_536_000, "refresh_token": "1:x", "token_type": "bearer" });
    Server::start(move |request, _| match path(request) {
        "/token" => Answer::ok(reply.to_string()),
        _ => profile.clone(),
    })
    .await
}

async fn told(profile: &Value) -> Result<OAuthPerson, OAuthError> {
    exchange(&yandex(&serve(Answer::ok(profile.to_string())).await)).await
}

#[tokio::test]
async fn requests_are_as_documented_and_the_person_comes_from_the_profile() {
    let server = serve(Answer::ok(profile().to_string())).await;
    let yandex = yandex(&server);
    let (page, query) = super::parameters(&yandex);
    assert_eq!(page, format!("{}/authorize", server.url()));
    let wanted = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("scope", "login:info login:email"),
        ("state", "st&te"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!(query, pairs(&wanted));

    let person = exchange(&yandex).await.unwrap();
    assert_eq!(person.subject, "1000034426");
    assert_eq!(person.email, Some(Email::parse("ivan@yandex.ru").unwrap()));
    assert!(person.email_verified);
    assert_eq!(person.name, Some(UserName::parse("Иван Петров").unwrap()));
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/token"));
    let wanted = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("code_verifier", VERIFIER),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
    ];
    assert_eq!(form(&seen[0].body), pairs(&wanted));
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str()), ("GET", "/info?format=json"));
    assert_eq!(seen[1].header("authorization"), Some(format!("OAuth {TOKEN}").as_str()));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_profile_may_have_little_more_than_an_id() {
    let person = told(&json!({ "id": "7", "client_id": CLIENT })).await.unwrap();
    let nobody = OAuthPerson { subject: "7".to_owned(), email: None, email_verified: false, name: None };
    assert_eq!(person, nobody);
    let person = told(&profile_with(&json!({ "default_email": null, "real_name": "" }))).await.unwrap();
    assert_eq!((person.email, person.email_verified), (None, false), "other addresses are not looked at");
    assert_eq!(person.name, Some(UserName::parse("Ваня").unwrap()));
}

#[tokio::test]
async fn an_address_that_yandex_did_not_give_out_is_not_verified() {
    for foreign in [
        json!({ "default_email": "ivan@example.com" }),
        json!({ "default_email": "victim@yandex.ru" }),
        json!({ "default_email": "ivan@company.ru" }),
        json!({ "login": null }),
    ] {
        let person = told(&profile_with(&foreign)).await.unwrap();
        assert!(person.email.is_some() && !person.email_verified, "{foreign}");
    }
}

#[tokio::test]
async fn a_profile_for_another_client_is_refused() {
    for other in ["other", ""] {
        let reason = untrusted(told(&profile_with(&json!({ "client_id": other }))).await);
        assert_eq!(reason, "the profile is for somebody else");
    }
    let reason = untrusted(told(&profile_with(&json!({ "id": "" }))).await);
    assert_eq!(reason, "the person's id is malformed");
    for broken in [json!({ "client_id": null }), json!({ "id": null }), json!({ "id": 1_000_034_426 })] {
        let told = told(&profile_with(&broken)).await;
        assert!(matches!(told, Err(OAuthError::Unavailable(_))), "{broken} {told:?}");
    }
}

#[tokio::test]
async fn without_a_profile_nobody_is_let_in() {
    for (answer, available) in [
        (Answer::status(401, ""), true),
        (Answer::status(403, ""), true),
        (Answer::status(500, "down"), false),
        (Answer::ok("not json"), false),
        (Answer::ok("{\"id\":").then_cut(), false),
    ] {
        match exchange(&yandex(&serve(answer).await)).await {
            Err(OAuthError::Refused(reason)) => assert!(available && !reason.contains(TOKEN), "{reason}"),
            Err(OAuthError::Unavailable(reason)) => assert!(!available && !reason.contains(TOKEN), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn failures_are_told_apart_and_hold_no_secret() {
    assert_failures(|server, timeouts| {
        Box::new(Yandex::new(settings(&server.url(), timeouts), TestClock::new())) as Box<dyn OAuthProvider>
    })
    .await;
}
