//! Companies, their sessions and keys.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Site, text};
use crate::world::request;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_registers_signs_in_and_renews_its_tokens() {
    let site = Site::new("0").await;
    let body = json!({ "email": "Admin@Company.com", "password": "securepassword123" });
    let (status, signed_in) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    assert_eq!(status, 200);
    let company = json!({
        "id": site.company.to_string(), "email": "admin@company.com", "name": "My Company", "role": "company",
        "isVerified": false,
    });
    assert_eq!(signed_in["company"], company);
    assert_eq!((&signed_in["tokenType"], &signed_in["expiresIn"]), (&json!("Bearer"), &json!(3600)));

    let body = json!({ "refreshToken": signed_in["refreshToken"] });
    let (status, renewed) = site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await;
    assert_eq!(status, 200);
    // The old one is a stolen one after a while, and ends the sign-in.
    site.clock.advance(60);
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await;
    assert_eq!((status, &refusal["code"]), (401, &json!("invalid_api_key")));
    let body = json!({ "refreshToken": renewed["refreshToken"] });
    assert_eq!(site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_have_the_contracts_shape() {
    let site = Site::new("0").await;
    let again = json!({ "email": "admin@company.com", "password": "securepassword123" });
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/register", "", &again).await;
    let wanted = json!({
        "statusCode": 409, "message": "Email уже занят", "error": "Conflict", "code": "email_exists",
        "timestamp": "2026-01-15T12:00:00.000Z", "path": "/api/v1/auth/register",
    });
    assert_eq!((status, refusal), (409, wanted));
    let bad = json!({ "email": "x", "password": "securepassword123" });
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/register", "", &bad).await;
    assert_eq!(
        (status, &refusal["error"], &refusal["details"][0]["field"]),
        (400, &json!("Bad Request"), &json!("email"))
    );
    for body in
        [json!({}), json!([]), json!({ "email": "a@b.ru", "password": "short" }), json!({ "email": 1, "password": 2 })]
    {
        assert_eq!(site.call(Method::POST, "/api/v1/auth/register", "", &body).await.0, 400, "{body}");
    }
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/auth/nothing", 404, "no_such_route"),
        (Method::DELETE, "/api/v1/auth/login", 405, "method_not_allowed"),
    ] {
        let (found, refusal) = site.call(method, path, "", &Value::Null).await;
        assert_eq!((found, &refusal["code"]), (status, &json!(code)), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_confirmed_by_the_link_of_a_letter_once() {
    let site = Site::new("0").await;
    let link = site.letter().await;
    for (times, status) in [(1, 200), (2, 401)] {
        assert_eq!(site.call(Method::GET, &link, "", &Value::Null).await.0, status, "time {times}");
    }
    let body = json!({ "email": "admin@company.com", "password": "securepassword123" });
    let (_, signed_in) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    assert_eq!(signed_in["company"]["isVerified"], true);
    let resend = "/api/v1/auth/verify-email/resend";
    assert_eq!(site.call(Method::POST, resend, &site.token, &Value::Null).await.0, 200);
    assert_eq!(site.call(Method::POST, resend, &site.key, &Value::Null).await.0, 403, "a key is not the company");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_shown_once_do_what_they_may_and_end() {
    let site = Site::new("0").await;
    let list = "/api/v1/auth/api-keys";
    let (_, keys) = site.call(Method::GET, list, &site.token, &Value::Null).await;
    assert!(!keys.to_string().contains(&site.key), "the list has no keys");
    assert_eq!(keys["data"][0]["permissions"], json!(["chat", "billing", "analytics"]));
    assert_eq!(site.call(Method::GET, list, &site.key, &Value::Null).await.0, 403, "a key sees no others");

    let reader = site.new_key(&["analytics"]).await;
    let (status, refusal) = site.call(Method::GET, "/api/v1/billing/balance", &reader, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (403, &json!("permission_denied")));
    assert_eq!(site.call(Method::GET, "/api/v1/models", &reader, &Value::Null).await.0, 403);
    assert_eq!(site.call(Method::GET, "/api/v1/analytics/usage", &reader, &Value::Null).await.0, 200);

    // As a header of its own, and as what clients of OpenAI send.
    let mut models = request(Method::GET, "/api/v1/models", None, &Value::Null);
    models.headers_mut().insert("x-api-key", site.key.parse().unwrap());
    assert_eq!(site.send(models).await.status, 200);
    assert_eq!(site.call(Method::GET, "/v1/models", &site.key, &Value::Null).await.0, 200);

    let id = text(&keys["data"][0]["id"]);
    let (status, revoked) = site.call(Method::DELETE, &format!("{list}/{id}"), &site.token, &Value::Null).await;
    assert_eq!((status, &revoked["isActive"]), (200, &json!(false)));
    assert_eq!(site.call(Method::DELETE, &format!("{list}/{id}"), &site.token, &Value::Null).await.0, 200);
    // An instance that used it may believe it for another quarter of a minute.
    site.clock.advance(16);
    let (status, refusal) = site.call(Method::GET, "/v1/models", &site.key, &Value::Null).await;
    assert_eq!((status, &refusal["error"]["type"]), (401, &json!("authentication_error")));
    for (path, wanted) in [(format!("{list}/x"), 404), (format!("{list}/{}", uuid::Uuid::nil()), 404)] {
        assert_eq!(site.call(Method::DELETE, &path, &site.token, &Value::Null).await.0, wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_expire_and_are_made_as_asked_for() {
    let site = Site::new("0").await;
    let create = async |body: &Value| site.call(Method::POST, "/api/v1/auth/api-keys", &site.token, body).await;
    let soon = json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "2026-01-15T12:01:00Z" });
    let (_, made) = create(&soon).await;
    let key = text(&made["key"]);
    assert!(key.starts_with("ak_live_") && key.len() == 52, "{key}");
    assert_eq!(site.call(Method::GET, "/api/v1/models", &key, &Value::Null).await.0, 200);
    site.clock.advance(60);
    let (status, refusal) = site.call(Method::GET, "/api/v1/models", &key, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (401, &json!("token_expired")));
    for bad in [
        json!({ "name": " ", "permissions": ["chat"] }),
        json!({ "name": "Key", "permissions": [] }),
        json!({ "name": "Key", "permissions": ["root"] }),
        json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "2020-01-01T00:00:00Z" }),
        json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "soon" }),
    ] {
        assert_eq!(create(&bad).await.0, 400, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_limited_and_every_answer_says_how_far() {
    let site = Site::with("0", &[("AggregatorRateLimitChat", "2/60")]).await;
    for (remaining, status) in [("1", 200), ("0", 200), ("0", 429)] {
        let answer = site.ask(Method::GET, "/v1/models", &site.key, &Value::Null).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (status, Some(remaining)));
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
    }
    let other = site.new_key(&["chat"]).await;
    assert_eq!(site.ask(Method::GET, "/v1/models", &other, &Value::Null).await.status, 200, "keys are counted apart");
    // Guesses are counted by address, whatever is guessed.
    let guess = |n: usize| format!("ak_live_{n:044}");
    let mut seen = Vec::new();
    for n in 0..3 {
        seen.push(site.ask(Method::GET, "/v1/models", &guess(n), &Value::Null).await.status);
    }
    assert_eq!(seen, [401, 401, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_front_end_may_call_with_keys_and_change_webhooks() {
    let origin = "https://app.company.com";
    let site = Site::with("0", &[("AggregatorFrontendOrigins", origin)]).await;
    let ask = async |origin: &str| {
        let mut ask = request(Method::OPTIONS, "/api/v1/webhooks/x", None, &Value::Null);
        for (name, value) in [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "x-api-key"),
        ] {
            ask.headers_mut().insert(name, value.parse().unwrap());
        }
        site.send(ask).await
    };
    let allowed = ask(origin).await;
    let list = |name: &str| allowed.header(name).expect("a header").to_lowercase();
    assert_eq!(list("access-control-allow-origin"), origin);
    assert!(list("access-control-allow-methods").split(',').any(|method| method == "patch"));
    assert!(list("access-control-allow-headers").split(',').any(|name| name == "x-api-key"));
    let elsewhere = ask("https://elsewhere.com").await;
    assert_eq!(elsewhere.header("access-control-allow-origin"), None);
}
