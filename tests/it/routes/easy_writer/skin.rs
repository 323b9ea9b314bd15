//! What is the same for all endpoints: request ids, headers, cross-origin rules, paths that do not exist.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{Reply, World, request};

/// One endpoint of each function.
const PATHS: [&str; 4] =
    ["/api/v1/auth/me", "/api/v1/user/profile", "/api/v1/tools/tabs", "/api/v1/generation/sessions"];

async fn send_with(world: &World, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = request(Method::GET, path, None, &Value::Null);
    for (name, value) in headers {
        request.headers_mut().insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_well_formed_request_id_is_echoed() {
    let world = World::easy_writer().await;
    let longest = "x".repeat(128);
    for path in PATHS {
        for id in ["1", "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "Az09-_.=", &longest] {
            let reply = send_with(&world, path, &[("x-request-id", id)]).await;
            assert_eq!(reply.header("x-request-id"), Some(id));
            assert_eq!(reply.body["meta"]["request_id"], id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_request_id_is_replaced() {
    let world = World::easy_writer().await;
    let too_long = "x".repeat(129);
    for path in PATHS {
        for id in ["", " ", "two words", "a/b", "a:b", "\"quoted\"", "<script>", "a,b", &too_long] {
            let reply = send_with(&world, path, &[("x-request-id", id)]).await;
            assert_eq!(reply.header("x-request-id"), Some(reply.request_id()), "{id:?}");
            assert_eq!(reply.body["meta"]["request_id"], reply.request_id());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_forbids_caching_and_sniffing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for path in PATHS {
        let good = world.get(path, &user.token).await;
        let refused = world.get(&format!("{path}/nothing/here"), &user.token).await;
        assert_eq!((good.status, refused.status), (200, 404));
        for reply in [good, refused] {
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(reply.header("x-frame-options"), Some("DENY"));
            assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
            assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
            assert_eq!(reply.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_are_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for path in PATHS {
        for unknown in [format!("{path}/"), format!("{path}/nothing/here")] {
            let reply = world.get(&unknown, &user.token).await;
            // One more segment can name a tab or a session.
            let codes = ["NOT_FOUND", "TAB_NOT_FOUND", "SESSION_NOT_FOUND"];
            assert!(codes.contains(&reply.failure().1), "{unknown}: {}", reply.text);
            assert_eq!(reply.status, 404);
        }
    }
    // What belongs to no group does not get as far as a function.
    for unknown in ["/", "/api", "/api/v1", "/api/v1/auth", "/api/v2/auth/me", "/api/v1/unknown", "/API/V1/AUTH/ME"] {
        let reply = world.exchange(request(Method::GET, unknown, Some(&user.token), &Value::Null)).await;
        assert_eq!((reply.status, reply.body), (404, json!({ "message": "Not Found" })), "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_is_not_text_is_not_found_in_our_own_words() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let paths = [
        (Method::GET, "/api/v1/tools/tabs/%FF"),
        (Method::GET, "/api/v1/tools/%FF/schema"),
        (Method::POST, "/api/v1/tools/%FF/execute"),
        (Method::GET, "/api/v1/generation/sessions/%FF"),
        (Method::DELETE, "/api/v1/generation/sessions/%FF"),
    ];
    for (method, path) in paths {
        let body = if method == Method::POST { json!({ "input": {} }) } else { Value::Null };
        let reply = world.send(request(method, path, Some(&user.token), &body)).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text);
        assert_eq!(reply.body["success"], false, "{path}: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_has_the_status_of_get_and_no_body() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for path in PATHS {
        let reply = world.send(request(Method::HEAD, path, Some(&user.token), &Value::Null)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_our_frontend_may_read_answers_and_send_cookies() {
    let world = World::easy_writer().await;
    for path in PATHS {
        let reply = send_with(&world, path, &[("origin", "https://easy-writer.example")]).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://easy-writer.example"));
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
        let exposed = reply.header("access-control-expose-headers").unwrap();
        for header in ["x-request-id", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
        {
            assert!(exposed.split(',').any(|name| name == header), "{header}: {exposed}");
        }
        assert!(reply.header("vary").unwrap().contains("origin"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_origins_may_not() {
    let world = World::easy_writer().await;
    let others = [
        "https://evil.example",
        "http://easy-writer.example",
        "https://easy-writer.example.evil.example",
        "https://easy-writer.example:8443",
        "null",
    ];
    for path in PATHS {
        for origin in others {
            let reply = send_with(&world, path, &[("origin", origin)]).await;
            assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
            let reply = world.send(preflight(path, origin)).await;
            assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_is_answered_without_a_token() {
    let world = World::easy_writer().await;
    for path in PATHS {
        let reply = world.send(preflight(path, "https://easy-writer.example")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""));
        let header = |name: &str| reply.header(name).unwrap_or_default().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), "https://easy-writer.example");
        assert_eq!(header("access-control-allow-credentials"), "true");
        assert_eq!(header("access-control-allow-methods"), "get,post,put,patch,delete");
        assert_eq!(
            header("access-control-allow-headers"),
            "content-type,authorization,x-request-id,idempotency-key,x-api-key"
        );
        assert_eq!(header("access-control-max-age"), "600");
    }
}

fn preflight(path: &str, origin: &str) -> Request<String> {
    Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization,content-type")
        .body(String::new())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_ours_tells_nothing_about_it() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("GetItem", 0, 100, crate::world::Action::Throttle);
    let reply = world.get("/api/v1/auth/me", &user.token).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    let error = json!({ "code": "SERVICE_UNAVAILABLE", "message": "Сервис временно недоступен, попробуйте позже" });
    assert_eq!(reply.body["error"], error);
    assert_eq!(reply.header("retry-after"), Some("5"));
    world.faults.clear();
    assert_eq!(world.get("/api/v1/auth/me", &user.token).await.status, 200);
}
