//! What happens when something breaks: exactly one outcome and exactly one charge, whatever the moment.

use domain::generation::ProviderId;
use domain::generation::{Claim, Failure, Mode, NewJob, Outcome, Started};
use domain::kernel::Amount;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::easy_writer::{GENERATION, REPLAY, Session};
use crate::world::{Action, SANDBOX_PACE, World};

/// A run in the background with three steps.
const TOOL: &str = "paraphrase";

/// How often the SDK tries a call before it fails.
const SDK_ATTEMPTS: usize = 4;

async fn start(world: &World, user: &Session) -> String {
    let input = json!({ "text": "Осенью в городе тихо. Люди спешат домой, а дворники собирают листья." });
    let reply = world.execute(user, TOOL, "standard", input).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    reply.data()["session_id"].as_str().unwrap().to_owned()
}

/// Lets time pass and everything retry until the session is finished.
async fn recover(world: &World, user: &Session, session: &str) -> Value {
    world.faults.clear();
    for _ in 0..4 {
        world.clock.advance(150);
        world.sweep().await;
        world.drain(GENERATION).await;
        world.drain(REPLAY).await;
        let now = world.session(user, session).await;
        if now["status"] == "completed" || now["status"] == "failed" {
            return now;
        }
    }
    panic!("session {session} is stuck: {}", world.session(user, session).await);
}

/// Asserts that the frames tell the whole story once and in order.
fn assert_story(frames: &[Value], session: &str, steps: u64, cost: &Value) {
    let mut frames = frames.iter();
    let mut next = || frames.next().unwrap_or_else(|| panic!("story of {session} breaks off"));
    assert_eq!(*next(), json!({ "event": "connected", "session_id": session }));
    for step in 1..=steps {
        let started = next();
        assert_eq!((&started["event"], &started["step"]), (&json!("step_started"), &json!(step)), "{started}");
        assert_eq!(started["total_steps"], steps);
        let mut progress = 0;
        while progress < 100 {
            let frame = next();
            assert_eq!((&frame["event"], &frame["step"]), (&json!("step_progress"), &json!(step)), "{frame}");
            let now = frame["progress"].as_u64().unwrap();
            assert!(now >= progress, "progress goes back: {frame}");
            progress = now;
        }
        assert_eq!(*next(), json!({ "event": "step_completed", "step": step }));
    }
    let completed = next();
    assert_eq!((&completed["event"], &completed["cost_raits"]), (&json!("completed"), cost), "{completed}");
    assert!(frames.next().is_none(), "something follows the end of {session}");
}

/// The same frames without repeats, which a death between sending a batch of frames and remembering it causes.
fn without_repeats(frames: Vec<Value>) -> Vec<Value> {
    let mut once: Vec<Value> = Vec::new();
    for frame in frames {
        if !once.contains(&frame) {
            once.push(frame);
        }
    }
    once
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_message_delivered_twice_at_once_is_worked_on_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.connect("c1", &session, &user.token).await;
    world.drain(REPLAY).await;
    let event = world.receive_event(GENERATION).await;
    world.faults.seen();
    let twins = [(); 8].map(|()| world.invoke("easy-writer-generation-worker", &event));
    for answer in join_all(twins).await {
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
    }
    // Only the holder of the lease gets as far as writing an event, so only one worker asked the vendor.
    let written = world.faults.seen().iter().filter(|call| *call == "PutItem").count();
    assert_eq!(
        written,
        world.subscribers.frames("c1").len() - 2,
        "every frame but the first and the last is one event"
    );
    let finished = world.session(&user, &session).await;
    assert_eq!(finished["status"], "completed", "{finished}");
    assert_story(&world.subscribers.frames("c1"), &session, 3, &finished["cost_raits"]);
    assert_eq!(world.balance(&user).await, 100 - finished["cost_raits"].as_i64().unwrap());
    let after = world.invoke("easy-writer-generation-worker", &event).await.unwrap();
    assert_eq!(after, json!({ "batchItemFailures": [] }), "a late copy is harmless");
    assert_story(&world.subscribers.frames("c1"), &session, 3, &finished["cost_raits"]);
    let audit = world.audit(user.user).await;
    assert_eq!(audit.account.entries, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_whose_lease_was_taken_over_finishes_nothing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let jobs = world.jobs();
    let new = NewJob {
        id: jobs.mint_id(),
        owner: user.user,
        subject: "essay".to_owned(),
        title: "Эссе".to_owned(),
        mode: Mode::Quick,
        input: "{}".to_owned(),
        price: Amount::new(50),
        source: None,
        request: None,
    };
    let Started::New(slow) = jobs.start(new, true).await.unwrap() else { panic!("it is new") };
    assert!(matches!(jobs.claim(slow.owner, slow.id).await.unwrap(), Claim::Busy));
    world.clock.advance(61);
    let Claim::Granted(quick) = jobs.claim(slow.owner, slow.id).await.unwrap() else { panic!("the lease is over") };
    let outcome = |text: &str, cost| Outcome {
        text: text.to_owned(),
        preview: String::new(),
        provider: ProviderId::OpenAi,
        tokens_used: 1,
        cost: Amount::new(cost),
        events: 0,
    };
    assert!(jobs.complete(&slow, outcome("поздно", 50)).await.unwrap().is_none());
    assert!(jobs.fail(&slow, Failure::GenerationFailed, 0).await.unwrap().is_none());
    assert!(!jobs.renew(&slow).await.unwrap());
    assert!(!jobs.hand_over(&slow).await.unwrap());
    assert!(jobs.complete(&quick, outcome("вовремя", 20)).await.unwrap().is_some());
    assert_eq!(world.session(&user, &slow.id.to_string()).await["result"], "вовремя");
    assert_eq!(world.balance(&user).await, 80);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_overtaken_at_the_very_end_takes_its_long_result_back() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Осенью в городе тихо. Люди спешат домой, а дворники собирают листья. ".repeat(110);
    let session = world.execute(&user, TOOL, "standard", json!({ "text": text.trim() })).await;
    let session = session.data()["session_id"].as_str().unwrap().to_owned();
    let event = world.receive_event(GENERATION).await;
    let work = || world.invoke("easy-writer-generation-worker", &event);
    world.faults.plan("TransactWriteItems", 0, 1, Action::Wait);
    let overtaking = async {
        world.faults.until_wait().await;
        let first = world.objects_under("jobs/").await;
        world.clock.advance(61);
        assert_eq!(work().await.unwrap(), json!({ "batchItemFailures": [] }));
        world.faults.go_on();
        first
    };
    let (slow, first) = tokio::join!(work(), overtaking);
    assert_eq!(slow.unwrap(), json!({ "batchItemFailures": [] }));
    let kept = world.objects_under("jobs/").await;
    let results = |keys: &[String]| keys.iter().filter(|key| key.contains("result")).cloned().collect::<Vec<_>>();
    let (slow, quick) = (results(&first), results(&kept));
    assert_eq!((slow.len(), quick.len()), (1, 1), "{first:?} {kept:?}");
    assert_ne!(slow, quick, "the one that counts is kept, the other is not");
    assert_eq!(world.session(&user, &session).await["status"], "completed");
    assert_eq!(world.audit(user.user).await.account.entries, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_a_run_that_is_deleted_under_its_worker_is_told() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Осенью в городе тихо. Люди спешат домой, а дворники собирают листья. ".repeat(110);
    let session = world.execute(&user, TOOL, "standard", json!({ "text": text.trim() })).await;
    let session = session.data()["session_id"].as_str().unwrap().to_owned();
    world.connect("c1", &session, &user.token).await;
    world.drain(REPLAY).await;
    let event = world.receive_event(GENERATION).await;
    // The worker is about to read the text, which goes away with the run.
    world.objects_go_away();
    world.faults.plan("GET", 0, 1, Action::Wait);
    let deleting = async {
        world.faults.until_wait().await;
        let path = format!("/api/v1/generation/sessions/{session}");
        assert_eq!(world.delete(&path, &user.token).await.status, 200);
        world.faults.go_on();
    };
    let (worked, ()) = tokio::join!(world.invoke("easy-writer-generation-worker", &event), deleting);
    assert_eq!(worked.unwrap(), json!({ "batchItemFailures": [] }), "there is nothing left to try again");
    assert_eq!(world.subscribers.events("c1").last().map(String::as_str), Some("error"));
    assert_eq!(world.balance(&user).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_writes_for_longer_than_a_lease_keeps_its_job() {
    let world = World::easy_writer_with(&[(SANDBOX_PACE, "3")]).await;
    let user = world.register("user@example.com").await;
    let text = "Осенью в городе тихо. Люди спешат домой, а дворники собирают листья. ".repeat(110);
    let session = world.execute(&user, TOOL, "standard", json!({ "text": text.trim() })).await;
    let session = session.data()["session_id"].as_str().unwrap().to_owned();
    world.connect("c1", &session, &user.token).await;
    world.drain(REPLAY).await;
    let event = world.receive_event(GENERATION).await;
    let jobs = world.jobs();
    let mut told = 0;
    let meddling = async {
        loop {
            world.subscribers.next_frame().await;
            let within_a_step = |frame: &&Value| frame["progress"].as_u64().is_some_and(|at| 0 < at && at < 100);
            let now = world.subscribers.frames("c1").iter().filter(within_a_step).count();
            if now > told {
                told = now;
                // Two such waits in one step are more than a lease.
                world.clock.advance(40);
                world.sweep().await;
                let claim = jobs.claim(user.user, session.parse().unwrap()).await.unwrap();
                assert!(matches!(claim, Claim::Busy), "at progress {told}: {claim:?}");
            }
        }
    };
    tokio::select! {
        answer = world.invoke("easy-writer-generation-worker", &event) => {
            assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
        }
        () = meddling => unreachable!("it never ends"),
    }
    assert!(told > 3, "three steps told progress only {told} times: none outlived a lease");
    assert_eq!(world.queued(GENERATION).await, 1, "no sweep sent the job again");
    let finished = world.session(&user, &session).await;
    assert_story(&world.subscribers.frames("c1"), &session, 3, &finished["cost_raits"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_nobody_heard_of_keeps_its_large_input() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Осенью в городе тихо. ".repeat(300);
    world.faults.plan("TransactWriteItems", 0, usize::MAX, Action::LoseAnswer);
    let reply = world.execute(&user, TOOL, "standard", json!({ "text": text.trim() })).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    world.faults.clear();
    let sessions = world.get("/api/v1/generation/sessions", &user.token).await;
    let session = sessions.data()["sessions"][0]["session_id"].as_str().unwrap().to_owned();
    let finished = recover(&world, &user, &session).await;
    assert_eq!(finished["status"], "completed", "{finished}");
    assert_eq!(finished["input_data"]["text"], text.trim());
    assert_eq!(world.audit(user.user).await.account.entries, 2);
}

async fn kill_worker_at_every_call(action: Action) {
    let world = World::easy_writer().await;
    world.redeliver_soon(GENERATION).await;
    let rehearsal = world.register("rehearsal@example.com").await;
    let session = start(&world, &rehearsal).await;
    world.connect("rehearsal", &session, &rehearsal.token).await;
    world.drain(REPLAY).await;
    world.faults.seen();
    world.drain(GENERATION).await;
    let calls = world.faults.seen().len();
    assert!(calls > 20, "the rehearsal made only {calls} calls");

    for call in 0..calls {
        let user = world.register(&format!("user-{call}@example.com")).await;
        let session = start(&world, &user).await;
        let (early, late) = (format!("early-{call}"), format!("late-{call}"));
        world.connect(&early, &session, &user.token).await;
        world.drain(REPLAY).await;
        let event = world.receive_event(GENERATION).await;
        world.faults.plan("", call, 1, action);
        let ended = world.faults.until_death(world.invoke("easy-writer-generation-worker", &event)).await;
        assert!(!ended || call + 3 >= calls, "call {call} of {calls} was never made");

        let finished = recover(&world, &user, &session).await;
        assert_eq!(finished["status"], "completed", "killed at call {call}: {finished}");
        let cost = finished["cost_raits"].as_i64().unwrap();
        assert_eq!(world.balance(&user).await, 100 - cost, "killed at call {call}");
        let audit = world.audit(user.user).await;
        assert_eq!((audit.account.entries, audit.account.held.units()), (2, 0), "killed at call {call}");
        world.connect(&late, &session, &user.token).await;
        world.drain(REPLAY).await;
        assert_story(&world.subscribers.frames(&late), &session, 3, &finished["cost_raits"]);
        assert_story(&without_repeats(world.subscribers.frames(&early)), &session, 3, &finished["cost_raits"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_before_any_call_loses_and_doubles_nothing() {
    kill_worker_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_after_any_call_loses_and_doubles_nothing() {
    kill_worker_at_every_call(Action::DieAfter).await;
}

async fn kill_quick_run_at_every_call(action: Action) {
    let world = World::easy_writer().await;
    for call in 0..8 {
        let user = world.register(&format!("user-{call}@example.com")).await;
        world.faults.plan("", call, 1, action);
        let run =
            world.execute(&user, "summarize", "quick", json!({ "text": "Осенью в городе тихо. Люди спешат домой." }));
        let ended = world.faults.until_death(run).await;
        world.faults.clear();
        let sessions = world.get("/api/v1/generation/sessions", &user.token).await;
        let Some(session) = sessions.data()["sessions"][0]["session_id"].as_str().map(str::to_owned) else {
            assert!(!ended);
            assert_eq!(world.balance(&user).await, 100, "killed at call {call}: nothing was begun");
            world.audit(user.user).await;
            continue;
        };
        let finished = match sessions.data()["sessions"][0]["status"].as_str() {
            Some("completed") => world.session(&user, &session).await,
            _ => recover(&world, &user, &session).await,
        };
        assert_eq!(finished["status"], "completed", "killed at call {call}: {finished}");
        assert_eq!(world.balance(&user).await, 90, "killed at call {call}");
        assert_eq!(world.audit(user.user).await.account.entries, 2, "killed at call {call}");
        if ended {
            return;
        }
    }
    panic!("a quick run makes fewer than eight calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_run_killed_before_any_call_is_charged_at_most_once() {
    kill_quick_run_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_run_killed_after_any_call_is_charged_at_most_once() {
    kill_quick_run_at_every_call(Action::DieAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_any_call_changes_nothing() {
    let world = World::easy_writer().await;
    for call in 0..4 {
        let user = world.register(&format!("quick-{call}@example.com")).await;
        world.faults.plan("", call, 1, Action::LoseAnswer);
        let reply = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" })).await;
        world.faults.clear();
        assert_eq!(reply.status, 200, "lost answer of call {call}: {}", reply.text);
        assert_eq!(world.balance(&user).await, 95, "lost answer of call {call}");
        assert_eq!(world.audit(user.user).await.account.entries, 2);
    }
    for call in 0..40 {
        let user = world.register(&format!("standard-{call}@example.com")).await;
        let session = start(&world, &user).await;
        let connection = format!("c-{call}");
        world.connect(&connection, &session, &user.token).await;
        world.drain(REPLAY).await;
        world.faults.plan("", call, 1, Action::LoseAnswer);
        world.deliver(GENERATION).await;
        world.faults.clear();
        let finished = world.session(&user, &session).await;
        assert_eq!(finished["status"], "completed", "lost answer of call {call}: {finished}");
        assert_story(&without_repeats(world.subscribers.frames(&connection)), &session, 3, &finished["cost_raits"]);
        assert_eq!(world.audit(user.user).await.account.entries, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_vendor_ends_in_an_error_frame_and_the_money_back() {
    let cases = [
        ("sandbox-500", "PROVIDER_UNAVAILABLE"),
        ("sandbox-429", "PROVIDER_UNAVAILABLE"),
        ("sandbox-quota", "PROVIDER_UNAVAILABLE"),
        ("sandbox-broken-json", "PROVIDER_UNAVAILABLE"),
        ("sandbox-half-stream", "PROVIDER_UNAVAILABLE"),
        ("sandbox-stream-error", "PROVIDER_UNAVAILABLE"),
        ("sandbox-hang", "PROVIDER_UNAVAILABLE"),
        ("no-such-model", "GENERATION_FAILED"),
    ];
    for (model, code) in cases {
        let world = World::easy_writer_with(&[("OpenAiModel", model), ("TextTimeouts", "2000/400/400/2000")]).await;
        let user = world.register("user@example.com").await;
        let session = start(&world, &user).await;
        world.connect("c1", &session, &user.token).await;
        world.drain(REPLAY).await;
        world.drain(GENERATION).await;
        let frames = world.subscribers.frames("c1");
        assert_eq!(frames.last().unwrap()["event"], "error", "{model}: {frames:?}");
        assert_eq!(frames.last().unwrap()["code"], code, "{model}");
        let finished = world.session(&user, &session).await;
        assert_eq!((&finished["status"], &finished["error_code"]), (&json!("failed"), &json!(code)), "{model}");
        assert_eq!(world.balance(&user).await, 100, "{model}");
        assert_eq!(world.audit(user.user).await.account.entries, 1, "{model}");
        assert_eq!(world.queued(GENERATION).await, 0, "{model}: the message is done with");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_without_usage_figures_is_charged_by_estimate() {
    let world = World::with_model("sandbox-no-usage").await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.drain(GENERATION).await;
    let finished = world.session(&user, &session).await;
    assert_eq!(finished["status"], "completed");
    assert!(finished["tokens_used"].as_u64().unwrap() > 0, "{finished}");
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_never_sent_is_found_by_the_sweeper() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("SendMessage", 0, usize::MAX, Action::Throttle);
    let session = start(&world, &user).await;
    world.faults.clear();
    assert_eq!(world.queued(GENERATION).await, 0);
    world.sweep().await;
    assert_eq!(world.queued(GENERATION).await, 0, "it is not overdue yet");
    world.clock.advance(121);
    world.sweep().await;
    world.sweep().await;
    assert_eq!(world.queued(GENERATION).await, 1, "two sweeps send one message");
    world.drain(GENERATION).await;
    assert_eq!(world.session(&user, &session).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_kills_every_worker_fails_with_the_money_back() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    for connection in ["c1", "gone"] {
        world.connect(connection, &session, &user.token).await;
    }
    world.drain(REPLAY).await;
    for _ in 0..3 {
        let event = World::work_event(user.user, &session);
        world.faults.plan("PutItem", 1, 1, Action::DieBefore);
        assert!(!world.faults.until_death(world.invoke("easy-writer-generation-worker", &event)).await);
        world.faults.clear();
        world.clock.advance(61);
    }
    world.subscribers.cut("gone");
    world.sweep().await;
    let finished = world.session(&user, &session).await;
    assert_eq!((&finished["status"], &finished["error_code"]), (&json!("failed"), &json!("GENERATION_FAILED")));
    assert_eq!(world.balance(&user).await, 100);
    assert_eq!(world.audit(user.user).await.account.held.units(), 0);
    assert_eq!(world.subscribers.events("c1").last().map(String::as_str), Some("error"));
    world.drain(GENERATION).await;
    assert_eq!(world.session(&user, &session).await["status"], "failed", "the message left in the queue is harmless");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_too_often_does_not_begin_its_job_again() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    let event = World::work_event(user.user, &session);
    for _ in 0..3 {
        world.faults.plan("PutItem", 1, 1, Action::DieBefore);
        assert!(!world.faults.until_death(world.invoke("easy-writer-generation-worker", &event)).await);
        world.faults.clear();
        world.clock.advance(61);
    }
    world.invoke("easy-writer-generation-worker", &event).await.unwrap();
    let finished = world.session(&user, &session).await;
    assert_eq!((&finished["status"], &finished["error_code"]), (&json!("failed"), &json!("GENERATION_FAILED")));
    assert_eq!(world.balance(&user).await, 100);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_worker_met_a_fault_goes_on_with_the_next_sweep() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.faults.plan("PutItem", 2, usize::MAX, Action::Throttle);
    world.deliver(GENERATION).await;
    world.faults.clear();
    assert_eq!(world.queued(GENERATION).await, 1, "the failed message waits for its visibility time-out");
    world.sweep().await;
    assert_eq!(world.deliver(GENERATION).await, 1, "no time has passed, and the job is in the queue again");
    assert_eq!(world.session(&user, &session).await["status"], "completed");
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_fails_for_one_job_still_sweeps_the_others() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("SendMessage", 0, usize::MAX, Action::Throttle);
    let sessions = [start(&world, &user).await, start(&world, &user).await, start(&world, &user).await];
    world.faults.clear();
    world.clock.advance(121);
    // The first send of the sweep fails for good, which is what an operator must hear of.
    world.faults.plan("SendMessage", 0, SDK_ATTEMPTS, Action::Throttle);
    let swept = world.try_sweep().await;
    assert!(swept.is_err(), "{swept:?}");
    assert_eq!(world.queued(GENERATION).await, 2);
    // A read that fails likewise.
    world.drain(GENERATION).await;
    world.clock.advance(121);
    world.faults.plan("Query", 0, SDK_ATTEMPTS, Action::Throttle);
    let swept = world.try_sweep().await;
    assert!(swept.is_err(), "{swept:?}");
    world.faults.clear();
    for session in &sessions {
        recover(&world, &user, session).await;
    }
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_keeps_failing_goes_to_the_dead_letter_queue() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.redeliver_soon(GENERATION).await;
    world.faults.plan("UpdateItem", 0, usize::MAX, Action::Throttle);
    for _ in 0..6 {
        world.deliver(GENERATION).await;
        world.clock.advance(61);
    }
    world.faults.clear();
    assert_eq!((world.queued(GENERATION).await, world.dead(GENERATION).await), (0, 1));
    let finished = recover(&world, &user, &session).await;
    assert_eq!(finished["status"], "completed", "the sweeper does not need the message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_does_not_parse_is_dropped() {
    let world = World::easy_writer().await;
    let event = json!({ "Records": [
        { "messageId": "m1", "body": "not json" },
        { "messageId": "m2", "body": "{\"owner\":1}" },
        { "messageId": "m3" }
    ] });
    for function in ["easy-writer-generation-worker", "easy-writer-replay-worker"] {
        assert_eq!(world.invoke(function, &event).await.unwrap(), json!({ "batchItemFailures": [] }), "{function}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_that_cannot_be_delivered_comes_again() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.connect("c1", &session, &user.token).await;
    world.faults.plan("PostToConnection", 0, usize::MAX, Action::Throttle);
    world.deliver(REPLAY).await;
    world.faults.clear();
    assert_eq!(world.subscribers.events("c1"), Vec::<String>::new());
    world.clock.advance(61);
    world.deliver(REPLAY).await;
    assert_eq!(world.subscribers.events("c1"), ["connected"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_that_is_faster_than_the_handshake_waits_for_it() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.connect("c1", &session, &user.token).await;
    world.subscribers.open_after("c1", 2);
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(world.subscribers.events("c1"), ["connected"]);
    assert_eq!(world.queued(REPLAY).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_faster_than_the_handshake_leaves_the_connection_to_its_greeting() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = start(&world, &user).await;
    world.connect("c1", &session, &user.token).await;
    world.subscribers.open_after("c1", 1000);
    world.drain(GENERATION).await;
    world.subscribers.open_after("c1", 0);
    world.drain(REPLAY).await;
    let finished = world.session(&user, &session).await;
    assert_story(&world.subscribers.frames("c1"), &session, 3, &finished["cost_raits"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_takes_the_same_steps_as_a_wrong_password() {
    let world = World::easy_writer().await;
    world.register("user@example.com").await;
    let mut steps = Vec::new();
    for email in ["user@example.com", "nobody@example.com"] {
        world.faults.seen();
        let body = json!({ "email": email, "password": "wrong-password" });
        assert_eq!(world.post("/api/v1/auth/login", None, &body).await.failure(), (401, "INVALID_CREDENTIALS"));
        steps.push(world.faults.seen());
    }
    assert_eq!(steps[0], steps[1]);
    assert_eq!(steps[0], ["UpdateItem", "UpdateItem", "GetItem", "GetItem"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_table_is_waited_for_and_then_given_up_without_a_charge() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = json!({ "text": "Превет мир" });
    world.faults.plan("", 0, 2, Action::Throttle);
    assert_eq!(world.execute(&user, "spell_check", "quick", text.clone()).await.status, 200);
    world.faults.plan("TransactWriteItems", 0, usize::MAX, Action::Throttle);
    let refused = world.execute(&user, "spell_check", "quick", text).await;
    world.faults.clear();
    assert_eq!(refused.failure(), (503, "SERVICE_UNAVAILABLE"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(world.balance(&user).await, 95);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicting_transactions_are_repeated_and_then_refused() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = json!({ "text": "Превет мир" });
    world.faults.plan("TransactWriteItems", 0, 3, Action::Conflict);
    assert_eq!(world.execute(&user, "spell_check", "quick", text.clone()).await.status, 200);
    world.faults.clear();
    world.faults.plan("TransactWriteItems", 0, usize::MAX, Action::Conflict);
    let refused = world.execute(&user, "spell_check", "quick", text).await;
    world.faults.clear();
    assert_eq!(refused.failure(), (409, "CONFLICT"));
    assert_eq!(world.balance(&user).await, 95);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_for_ten_runs_exactly_ten_of_sixty_four_at_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let runs = (0..64).map(|_| world.execute(&user, "summarize", "quick", json!({ "text": "Осенью в городе тихо." })));
    let replies = join_all(runs).await;
    let ran = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 402).count();
    assert_eq!((ran, refused), (10, 54));
    assert_eq!(world.balance(&user).await, 0);
    let audit = world.audit(user.user).await;
    assert_eq!((audit.account.available.units(), audit.account.held.units(), audit.account.entries), (0, 0, 11));
}
