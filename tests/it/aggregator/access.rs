//! What all operations of AI Aggregator have in common: limits by key and address, and pages that may call.

use reqwest::Method;
use serde_json::Value;

use super::Site;
use crate::world::request;

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
