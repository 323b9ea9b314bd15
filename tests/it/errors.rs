//! Every failure in every dialect, and proof that nothing internal gets out.

use std::collections::BTreeMap;

use domain::kernel::{Dependency, Error, Resource, Timestamp};
use edge::{EasyWriter, Envelope, Failure, Meta, Problem};
use serde_json::{Value, json};

use crate::world::World;

fn meta() -> Meta {
    Meta { timestamp: Timestamp::UNIX_EPOCH, request_id: "request-1".to_owned(), path: "/path".to_owned() }
}

/// Status and body of each problem, by its name.
fn matrix<E: Envelope>() -> BTreeMap<String, Value> {
    let row = |problem: &Problem| {
        let (status, _) = E::code(problem);
        let body: Value = serde_json::from_str(&E::failure(problem, &meta())).expect("JSON");
        (format!("{problem:?}"), json!({ "status": status.as_u16(), "error": body["error"] }))
    };
    Problem::samples().iter().map(row).collect()
}

#[test]
fn easy_writers_failures_are_stable() {
    insta::assert_json_snapshot!("easy_writer_failures", matrix::<EasyWriter>());
}

#[test]
fn nothing_internal_reaches_a_body() {
    const SENTINEL: &str = "SENTINEL-7f3a";
    let failures = [
        Error::Failed { resource: Resource::Session, source: SENTINEL.into() },
        Error::Unavailable { dependency: Dependency::Provider, source: SENTINEL.into() },
        Error::Unavailable { dependency: Dependency::Store, source: SENTINEL.into() },
        Error::Internal { context: SENTINEL, source: SENTINEL.into() },
    ];
    for failure in failures {
        let failure = Failure::from(failure);
        let body = EasyWriter::failure(&Problem::from(&failure), &meta());
        assert!(!body.contains(SENTINEL), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_dependency_is_told_without_its_words() {
    let world = World::start().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("GetItem", 0, usize::MAX, crate::world::Action::Throttle);
    let reply = world.get("/api/v1/auth/me", &user.token).await;
    assert_eq!(reply.failure(), (503, "SERVICE_UNAVAILABLE"));
    for word in ["injected", "Throughput", "dynamodb", "GetItem", "easy-writer"] {
        assert!(!reply.text.contains(word), "{word} leaks: {}", reply.text);
    }
}
