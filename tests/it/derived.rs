//! What every operation of every product refuses alike, derived from the products' own documents: a new endpoint is tested here as soon as it is
//! described, a new product with its row in `world/products.rs`.
//!
//! An operation that differs is in [`EXCEPTIONS`] with its reason. One that does not differ any more fails its test until it is taken out.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::identity::{AccessToken, TokenIssuer, TokenKeys};
use domain::kernel::{Clock as _, Timestamp, UserId};
use http::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{PRODUCTS, Product, Reply, World, request};

/// What is expected of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// 413 for a body above the usual limit.
    LargeBody,
    /// 404 in the product's envelope below its path.
    UnknownPath,
}

/// Operations that do not follow a rule, and why.
const EXCEPTIONS: &[(&str, &str, Rule, &str)] = &[
    ("aggregator", "POST /api/v1/chat/completions", Rule::LargeBody, "conversations may be longer: megabytes"),
    ("aggregator", "POST /api/v1/embeddings", Rule::LargeBody, "texts to embed may be longer: megabytes"),
    ("aggregator", "POST /api/v1/embeddings", Rule::UnknownPath, "the gateway routes exactly this path"),
];

/// The largest body that is taken, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// A name for whatever a path leaves open.
const SOMETHING: &str = "019bc1a2-0000-7000-8000-000000000001";

/// An operation as its document describes it.
struct Operation {
    method: Method,
    /// With something for each parameter.
    path: String,
    /// Method and path as the document has them.
    name: String,
    is_secured: bool,
    takes_json: bool,
    /// Names, least and greatest value of its whole numbers in the query.
    numbers: Vec<(String, Option<i64>, Option<i64>)>,
}

impl Operation {
    /// A request for it.
    fn request(&self, token: Option<&str>, body: impl Into<Bytes>) -> Request<Bytes> {
        request(self.method.clone(), &self.path, token, &Value::Null).map(|_| body.into())
    }

    fn with_content(&self, token: &str, kind: &'static str, body: impl Into<Bytes>) -> Request<Bytes> {
        let mut request = self.request(Some(token), body);
        request.headers_mut().insert("content-type", kind.parse().expect("a header"));
        request
    }
}

/// Each path with the operations that it has.
fn operations(product: &Product) -> BTreeMap<String, Vec<Operation>> {
    let paths = product.described.document()["paths"].as_object().expect("paths");
    let of_path = |path: &String, methods: &Value| {
        let methods = methods.as_object().expect("methods").iter();
        methods.map(|(method, operation)| read(path, method, operation)).collect()
    };
    paths.iter().map(|(path, methods)| (path.clone(), of_path(path, methods))).collect()
}

fn read(path: &str, method: &str, operation: &Value) -> Operation {
    let method: Method = method.to_uppercase().parse().expect("a method");
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let is_number = |it: &&Value| it["in"] == "query" && it["schema"]["type"] == "integer";
    let number = |it: &Value| {
        let (least, greatest) = (it["schema"]["minimum"].as_i64(), it["schema"]["maximum"].as_i64());
        (it["name"].as_str().expect("a name").to_owned(), least, greatest)
    };
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { SOMETHING } else { segment });
    Operation {
        name: format!("{method} {path}"),
        path: segments.collect::<Vec<_>>().join("/"),
        is_secured: operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty()),
        takes_json: !operation["requestBody"]["content"]["application/json"].is_null(),
        numbers: parameters.filter(is_number).map(number).collect(),
        method,
    }
}

/// A product and the access token of somebody who may do everything.
async fn world(product: &'static Product) -> (World, String) {
    let world = World::of(product, &[]).await;
    let who = json!({ "email": "user@example.com", "password": "pass123456" });
    let registered = world.post("/api/v1/auth/register", None, &who).await;
    let token = registered.body.pointer(product.token).and_then(Value::as_str);
    let token = token.unwrap_or_else(|| panic!("{registered:?}")).to_owned();
    (world, token)
}

/// What is no access token of the product, though some of it comes close.
fn bad_tokens(world: &World, good: &str) -> Vec<String> {
    const OTHER_KEYS: &str = "other-secret-other-secret-other-secret";
    const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let parts: Vec<_> = good.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("claims");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let user: UserId = claims["sub"].as_str().expect("a subject").parse().expect("an id");
    let (product, keys) = (world.product.name, world.token_keys());
    let signed = |product: &'static str, keys: &str, user: UserId, age: i64| {
        let issuer = TokenIssuer::new(product, keys.parse::<TokenKeys>().expect("keys"));
        let at = Timestamp::from_second(world.clock.now().as_second() - age).expect("a time");
        issuer.sign_access(AccessToken { user, family: Uuid::from_u128(1) }, at).expect("a token")
    };
    let other = signed(product, keys, Uuid::from_u128(7).into(), 0);
    let others_claims = other.split('.').nth(1).expect("claims");
    vec![
        String::new(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{others_claims}.{}", parts[0], parts[2]),
        format!("{UNSIGNED}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        good[..good.len() - 2].to_owned(),
        signed(product, OTHER_KEYS, user, 0),
        signed("another-product", keys, user, 0),
        signed(product, keys, user, 24 * 3600),
    ]
}

/// What went wrong with a refusal; nothing if it is the product's.
fn complaint(product: &Product, reply: &Reply, status: u16) -> Option<String> {
    let [code, message] = (product.failure)(&reply.body);
    let spoken = [code, message].iter().all(|text| text.as_str().is_some_and(|text| !text.is_empty()));
    let known = reply.header("x-request-id").is_some_and(|id| !id.is_empty());
    let right = reply.status == status && spoken && known && reply.header("content-type") == Some("application/json");
    (!right).then(|| format!("not a {status} of {}: {} {}", product.name, reply.status, reply.text))
}

/// Sends what `requests` makes of each operation and holds the answers against the rule. An exception must be one.
async fn assert_refused(
    rule: Option<Rule>,
    status: u16,
    requests: impl Fn(&Operation, &World, &str) -> Vec<Request<Bytes>>,
) {
    for product in &PRODUCTS {
        let (world, token) = world(product).await;
        let mut asked = 0;
        for operation in operations(product).values().flatten() {
            let is_exception = EXCEPTIONS
                .iter()
                .any(|(of, name, except, _)| *of == product.name && *name == operation.name && Some(*except) == rule);
            for request in requests(operation, &world, &token) {
                asked += 1;
                let what = format!("{} {:?}", operation.name, request.uri());
                let complaint = complaint(product, &world.exchange(request).await, status);
                match (complaint, is_exception) {
                    (Some(complaint), false) => panic!("{what}: {complaint}"),
                    (None, true) => panic!("{what} is no exception any more"),
                    _ => {}
                }
            }
        }
        assert!(asked > 0, "{} has nothing of the kind", product.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_an_access_token_is_let_in() {
    assert_refused(None, 401, |operation, world, token| {
        let bearers = bad_tokens(world, token).into_iter().map(|bad| format!("Bearer {bad}"));
        let others = [format!("Basic {token}"), token.to_owned()];
        let shown = bearers.chain(others).map(Some).chain([None]).filter(|_| operation.is_secured);
        let requests = shown.map(|shown| {
            let mut request = operation.request(None, "{}");
            request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
            if let Some(shown) = shown {
                request.headers_mut().insert("authorization", shown.parse().expect("a header"));
            }
            request
        });
        requests.collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_a_path_does_not_have_are_not_allowed_and_the_others_are_named() {
    for product in &PRODUCTS {
        let (world, _) = world(product).await;
        for (path, operations) in operations(product) {
            let mut allowed: BTreeSet<_> = operations.iter().map(|it| it.method.as_str()).collect();
            if allowed.contains("GET") {
                allowed.insert("HEAD");
            }
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                if allowed.contains(method) {
                    continue;
                }
                let method: Method = method.parse().expect("a method");
                let reply = world.exchange(request(method.clone(), &operations[0].path, None, &Value::Null)).await;
                assert_eq!(complaint(product, &reply, 405), None, "{method} {path}");
                let named: BTreeSet<_> = reply.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
                assert_eq!(named, allowed, "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_another_kind_are_refused() {
    assert_refused(None, 415, |operation, _, token| {
        let kinds = ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"];
        let typed = kinds.map(|kind| operation.with_content(token, kind, "{}"));
        let untyped = operation.request(Some(token), "{}");
        typed.into_iter().chain([untyped]).filter(|_| operation.takes_json).collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_json_or_no_object_are_refused() {
    let bodies: [&[u8]; 13] = [
        b"",
        b" ",
        b"{",
        b"{\"a\"",
        b"nonsense",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{\"a\":\"\xff\"}",
        b"null",
        b"true",
        b"5",
        b"\"text\"",
        b"[]",
    ];
    assert_refused(None, 400, |operation, _, token| {
        let requests = bodies.map(|body| operation.with_content(token, "application/json", body));
        requests.into_iter().filter(|_| operation.takes_json).collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_above_the_limit_are_refused_and_those_at_it_are_read() {
    let padded = |operation: &Operation, token: &str, bytes: usize| {
        let request = operation.with_content(token, "application/json", " ".repeat(bytes));
        if operation.takes_json { vec![request] } else { Vec::new() }
    };
    assert_refused(Some(Rule::LargeBody), 413, |operation, _, token| padded(operation, token, MAX_BODY_BYTES + 1))
        .await;
    // Nothing but blanks is no JSON, and is known to be none only when it was read.
    assert_refused(None, 400, |operation, _, token| padded(operation, token, MAX_BODY_BYTES)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_below_those_that_are_known_are_not_found() {
    assert_refused(Some(Rule::UnknownPath), 404, |operation, _, token| {
        let below = format!("{}/no/such/path", operation.path);
        vec![request(Method::GET, &below, Some(token), &Value::Null).map(Bytes::from)]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_outside_their_range_or_given_twice_are_refused() {
    assert_refused(None, 400, |operation, _, token| {
        let mut requests = Vec::new();
        for (name, least, greatest) in &operation.numbers {
            let outside = [least.map(|least| least - 1), greatest.map(|greatest| greatest + 1)];
            let outside = outside.into_iter().flatten().map(|number| number.to_string());
            let others = ["-1", "x", "1.5", "1e1", "99999999999999999999", "%EF%BC%91"].map(str::to_owned);
            for value in outside.chain(others) {
                let path = format!("{}?{name}={value}", operation.path);
                requests.push(request(Method::GET, &path, Some(token), &Value::Null).map(Bytes::from));
            }
            let twice = format!("{}?{name}=1&{name}=1", operation.path);
            requests.push(request(Method::GET, &twice, Some(token), &Value::Null).map(Bytes::from));
        }
        requests
    })
    .await;
}
