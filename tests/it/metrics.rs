//! What operators count is what happened.

use std::collections::BTreeMap;

use domain::kernel::telemetry::{Metric, Notes, collected};
use serde_json::json;

use crate::easy_writer::GENERATION;
use crate::world::{Action, World};

fn counts(notes: &Notes) -> Vec<(&'static str, u64)> {
    notes.counts.iter().map(|(metric, many)| (metric.as_str(), *many)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_counts_its_price_and_its_vendor() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let run = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" }));
    let (reply, notes) = collected(run).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(counts(&notes), [("Charged", 5), ("Requests", 1)]);
    let calls = &notes.vendors["openai"];
    assert_eq!((calls.millis.len(), calls.failures), (1, 0));
    assert_eq!(notes.refusals, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_in_trouble_is_counted_and_nothing_is_charged() {
    let world = World::with_model("sandbox-500").await;
    let user = world.register("user@example.com").await;
    let run = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" }));
    let (reply, notes) = collected(run).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    assert!(!notes.counts.contains_key(&Metric::CHARGED), "{notes:?}");
    let calls = &notes.vendors["openai"];
    assert!(calls.failures > 0 && calls.failures == calls.millis.len() as u64, "{notes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_caller_did_wrong_is_a_refusal_and_what_we_did_is_a_fault() {
    let world = World::easy_writer().await;
    let (reply, notes) = collected(world.get("/api/v1/user/balance", "nonsense")).await;
    assert_eq!(reply.status, 401);
    assert_eq!((counts(&notes), notes.refusals), (vec![("Requests", 1)], BTreeMap::from([("TOKEN_INVALID", 1)])));

    let user = world.register("user@example.com").await;
    world.faults.plan("GetItem", 0, usize::MAX, Action::Throttle);
    let (reply, notes) = collected(world.get("/api/v1/user/balance", &user.token)).await;
    assert_eq!(reply.status, 503);
    assert_eq!((counts(&notes), notes.refusals), (vec![("Faults", 1), ("Requests", 1)], BTreeMap::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_again_is_a_fault_and_a_late_job_is_counted_by_the_sweep() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.faults.plan("UpdateItem", 0, usize::MAX, Action::Throttle);
    let (delivered, notes) = collected(world.deliver(GENERATION)).await;
    world.faults.clear();
    assert_eq!((delivered, counts(&notes)), (1, vec![("Faults", 1), ("Requests", 1)]));

    world.clock.advance(901);
    let ((), notes) = collected(world.sweep()).await;
    assert_eq!(counts(&notes), [("JobsGivenUp", 0), ("JobsOverdue", 1), ("Requests", 1)], "{session}");
}
