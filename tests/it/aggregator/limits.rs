//! The contract's limits, as the template has them.

use reqwest::Method;
use serde_json::{Value, json};

use super::Site;
use crate::templates::template;
use crate::world::product;

/// How many requests one after the other are let through, and the limit that their answers tell.
async fn admitted(site: &Site, method: Method, path: &str, bearer: &str, body: &Value) -> (u32, u32) {
    let mut admitted = 0;
    loop {
        let answer = site.ask(method.clone(), path, bearer, body).await;
        let header = |name: &str| answer.header(name).expect("a header").parse::<u32>().expect("a number");
        let (limit, remaining, reset) =
            (header("x-ratelimit-limit"), header("x-ratelimit-remaining"), header("x-ratelimit-reset"));
        // The clock stands at noon of 2026-01-15, where a minute begins.
        assert_eq!(reset, 1_768_478_400 + 60, "{path}");
        if answer.status == 429 {
            assert_eq!((remaining, header("retry-after")), (0, 60), "{path}");
            return (admitted, limit);
        }
        admitted += 1;
        assert!(admitted <= limit, "{path} lets {admitted} through and says {limit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_the_contracts_and_every_answer_tells_them() {
    let template = template("infra/aggregator.yaml");
    let default = |name: &str| template["Parameters"][name]["Default"].as_str().expect("a default").to_owned();
    let limits = product("aggregator").limits().map(|name| (name, default(name.trim_start_matches("Aggregator"))));
    let limits: Vec<_> = limits.collect();
    let limits: Vec<_> = limits.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let site = Site::with("0", &limits).await;
    let wrong = json!({ "email": "admin@company.com", "password": "wrong-password" });
    let none = Value::Null;
    // The site's company registered and made a key, which counts.
    for (used, limit, method, path, bearer, body) in [
        (1, 10, Method::POST, "/api/v1/auth/login", "", &wrong),
        (1, 20, Method::GET, "/api/v1/auth/api-keys", site.token.as_str(), &none),
        (0, 100, Method::GET, "/api/v1/models", &site.key, &none),
        (0, 50, Method::GET, "/api/v1/billing/balance", &site.key, &none),
    ] {
        assert_eq!(admitted(&site, method, path, bearer, body).await, (limit - used, limit), "{path}");
    }
    // The next minute is a new one.
    site.clock.advance(60);
    assert_eq!(site.ask(Method::GET, "/api/v1/models", &site.key, &none).await.status, 200);
}
