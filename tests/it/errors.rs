//! Every failure in every dialect, that the manual has each of them, and proof that nothing internal gets out.

use std::collections::{BTreeMap, BTreeSet};

use domain::kernel::{Dependency, Error, Resource, Timestamp};
use edge::{Aggregator, EasyWriter, Envelope, Failure, Meta, Problem};
use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;
use crate::world::{Action, World};

fn meta(path: &str) -> Meta {
    Meta { timestamp: Timestamp::UNIX_EPOCH, request_id: "request-1".to_owned(), path: path.to_owned() }
}

/// The body of a problem that a request for `path` meets.
fn body<E: Envelope>(problem: &Problem, path: &str) -> Value {
    serde_json::from_str(&E::failure(problem, &meta(path))).expect("JSON")
}

/// What `row` makes of each problem, by the problem's name.
fn matrix(row: impl Fn(&Problem) -> Value) -> BTreeMap<String, Value> {
    Problem::samples().iter().map(|problem| (format!("{problem:?}"), row(problem))).collect()
}

#[test]
fn easy_writers_failures_are_stable() {
    let row = |problem: &Problem| {
        let (status, _) = EasyWriter::code(problem);
        json!({ "status": status.as_u16(), "error": body::<EasyWriter>(problem, "/path")["error"] })
    };
    insta::assert_json_snapshot!("easy_writer_failures", matrix(row));
}

#[test]
fn aggregators_failures_are_stable_in_both_shapes() {
    let row = |problem: &Problem| {
        let [own, openai] = ["/api/v1/path", "/v1/path"].map(|path| body::<Aggregator>(problem, path));
        json!({ "status": Aggregator::code(problem).0.as_u16(), "/api/v1": own, "/v1": openai })
    };
    insta::assert_json_snapshot!("aggregator_failures", matrix(row));
}

/// The first cells of the rows of a product's table in docs/errors.md that have a status: what comes after the meaning, without its quotes.
fn manual(product: &str, cells: usize) -> BTreeSet<Vec<String>> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).expect("page");
    let (_, section) = page.split_once(&format!("\n## {product}\n")).expect("the product's section");
    let section = section.split("\n## ").next().expect("a section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.map(|row| row.split(" | ").skip(1).take(cells).map(|cell| cell.trim_matches('`').to_owned()));
    rows.map(Iterator::collect::<Vec<_>>)
        .filter(|row| row.first().is_some_and(|it| it.parse::<u16>().is_ok()))
        .collect()
}

#[test]
fn the_manual_has_every_failure_and_no_other() {
    let samples = Problem::samples();
    let easy_writer = samples.iter().map(|problem| {
        let (status, code) = EasyWriter::code(problem);
        vec![status.as_u16().to_string(), code.to_owned()]
    });
    assert_eq!(manual("Easy Writer", 2), easy_writer.collect());
    let aggregator = samples.iter().map(|problem| {
        let (status, code) = Aggregator::code(problem);
        let kind = body::<Aggregator>(problem, "/v1/path")["error"]["type"].clone();
        vec![status.as_u16().to_string(), code.to_owned(), kind.as_str().expect("type").to_owned()]
    });
    assert_eq!(manual("AI Aggregator", 3), aggregator.collect());
}

#[test]
fn nothing_internal_reaches_a_body() {
    const SENTINEL: &str = "SENTINEL-7f3a";
    let failures = [
        Error::Failed { resource: Resource::SESSION, source: SENTINEL.into() },
        Error::Unavailable { dependency: Dependency::Provider, source: SENTINEL.into() },
        Error::Unavailable { dependency: Dependency::Store, source: SENTINEL.into() },
        Error::Internal { context: SENTINEL, source: SENTINEL.into() },
    ];
    for failure in failures {
        let failure = Failure::from(failure);
        let problem = Problem::from(&failure);
        let bodies = [
            EasyWriter::failure(&problem, &meta("/path")),
            Aggregator::failure(&problem, &meta("/api/v1/path")),
            Aggregator::failure(&problem, &meta("/v1/path")),
        ];
        for body in bodies {
            assert!(!body.contains(SENTINEL), "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_dependency_is_told_without_its_words() {
    let world = World::start().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("GetItem", 0, usize::MAX, Action::Throttle);
    let reply = world.get("/api/v1/auth/me", &user.token).await;
    assert_eq!(reply.failure(), (503, "SERVICE_UNAVAILABLE"));
    for word in ["injected", "Throughput", "dynamodb", "GetItem", "easy-writer"] {
        assert!(!reply.text.contains(word), "{word} leaks: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_dependency_is_told_without_its_words_by_the_aggregator_too() {
    let site = Site::new("0").await;
    site.faults.plan("GetItem", 0, usize::MAX, Action::Throttle);
    for (path, code) in [("/api/v1/billing/balance", "/code"), ("/v1/models/good", "/error/code")] {
        // A key that no instance knows yet is looked up.
        let unknown = format!("ak_live_{:044}", path.len());
        let (status, body) = site.call(Method::GET, path, &unknown, &Value::Null).await;
        assert_eq!((status, body.pointer(code)), (503, Some(&json!("service_unavailable"))), "{body}");
        let text = body.to_string();
        for word in ["injected", "Throughput", "dynamodb", "GetItem", "APIKEY"] {
            assert!(!text.contains(word), "{word} leaks: {text}");
        }
    }
}
