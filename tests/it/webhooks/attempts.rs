//! Sending: leases, pauses, and when to give up.

use std::time::Duration;

use domain::webhooks::{
    AttemptOutcome, AttemptResult, DisabledReason, EndpointChange, MAX_ATTEMPTS, SendFailure, SentAnswer, State,
};

use super::{Answer, PAID, Post, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_is_delivered_once() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    post.world.clock.advance(3);
    assert_eq!(post.answered(message, Ok(answer(204))).await, AttemptOutcome::Delivered);
    let [call] = &post.calls()[..] else { panic!("one call") };
    let delivery = post.delivery(message).await;
    assert_eq!(call.url, endpoint.url);
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(call.headers["webhook-id"], delivery.event_id.to_string());
    assert_eq!(call.headers["webhook-timestamp"], post.now().as_second().to_string());
    assert!(call.headers["webhook-signature"].starts_with("v1,"));
    assert_eq!((call.body["event"].as_str(), call.body["data"]["amount"].as_str()), (Some(PAID), Some("10.00")));
    assert_eq!(call.body["id"], delivery.event_id.to_string());
    assert_eq!(call.body["timestamp"], "2026-01-15T12:00:00.000Z");
    assert!(call.body["signature"].as_str().unwrap().starts_with("sha256="));
    assert_eq!((delivery.state, delivery.attempts, delivery.next_attempt_at), (State::Delivered, 1, None));
    let [attempt] = &delivery.log[..] else { panic!("one attempt") };
    assert_eq!((attempt.at, attempt.took), (post.now(), Duration::from_millis(7)));
    assert_eq!(attempt.result, AttemptResult::Answered { status: 204, excerpt: "ответ".to_owned() });

    assert_eq!(post.attempt(message).await, AttemptOutcome::Skipped, "the message came twice");
    assert_eq!(post.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_do_not_send_at_the_same_time() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    *post.receivers.slow.lock().unwrap() = true;
    let second = async {
        post.receivers.called.notified().await;
        let second = post.attempt(message).await;
        post.receivers.go_on.notify_one();
        second
    };
    let outcomes = tokio::join!(post.attempt(message), second);
    assert_eq!(outcomes, (AttemptOutcome::Delivered, AttemptOutcome::Skipped));
    assert_eq!(post.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_workers_delivery_is_sent_again_after_its_lease() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    *post.receivers.slow.lock().unwrap() = true;
    tokio::select! {
        _ = post.attempt(message) => panic!("the receiver does not answer"),
        () = post.receivers.called.notified() => {}
    }
    *post.receivers.slow.lock().unwrap() = false;
    assert_eq!(post.attempt(message).await, AttemptOutcome::Skipped);
    assert_eq!(post.deliveries.sweep().await.done.len(), 0);
    post.world.clock.advance(61);
    assert_eq!(post.deliveries.sweep().await.done.len(), 1);
    assert_eq!(post.messages().await, [message]);
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered);
    let delivery = post.delivery(message).await;
    assert_eq!((delivery.attempts, delivery.log.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_kills_its_workers_ends_too() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    *post.receivers.slow.lock().unwrap() = true;
    for _ in 0..MAX_ATTEMPTS {
        tokio::select! {
            outcome = post.attempt(message) => panic!("{outcome:?}"),
            () = post.receivers.called.notified() => {}
        }
        post.world.clock.advance(61);
    }
    assert_eq!(post.attempt(message).await, AttemptOutcome::Failed);
    assert_eq!(post.calls().len(), 10);
    assert!(post.look(&endpoint).await.is_active, "nothing is known against the receiver");
    assert_eq!(post.deliveries.sweep().await.done.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_tried_again_when_it_is_due_and_the_queue_says_so() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let AttemptOutcome::Postponed(at) = post.answered(message, Ok(answer(500))).await else { panic!("postponed") };
    let pause = at.duration_since(post.now()).as_millis();
    assert!((4000..=6000).contains(&pause), "{pause}");
    let delivery = post.delivery(message).await;
    assert_eq!((delivery.state, delivery.next_attempt_at), (State::Pending, Some(at)));
    assert_eq!(post.look(&endpoint).await.failing_since, Some(post.now()));
    assert_eq!(post.attempt(message).await, AttemptOutcome::Skipped, "a second message must not cut the pause short");
    assert!(post.messages().await.is_empty());

    post.world.clock.advance(7);
    assert_eq!(post.deliveries.sweep().await.done.len(), 0, "the message has been waiting in the queue");
    assert_eq!(post.messages().await, [message]);
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered);
    let delivery = post.delivery(message).await;
    let statuses: Vec<_> = delivery.log.iter().map(domain::webhooks::Attempt::status).collect();
    assert_eq!(statuses, [Some(500), Some(200)]);
    assert_eq!(post.look(&endpoint).await.failing_since, None, "it is well again");
    let ids: Vec<_> = post.calls().iter().map(|call| call.headers["webhook-id"].clone()).collect();
    assert_eq!(ids[0], ids[1], "receivers tell repeats by it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_a_queue_cannot_wait_is_ended_by_the_sweeper() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let busy = |minutes| SentAnswer { retry_after: Some(Duration::from_mins(minutes)), ..answer(503) };
    for (minutes, waits, swept) in [(14, 1, 0), (15, 0, 1)] {
        post.answered(message, Ok(busy(minutes))).await;
        assert_eq!(post.deliveries.sweep().await.done.len(), 0);
        post.world.clock.advance(i64::try_from(minutes).unwrap() * 60 + 1);
        assert_eq!(post.messages().await.len(), waits);
        assert_eq!(post.deliveries.sweep().await.done.len(), swept);
        assert_eq!(post.messages().await.len(), swept);
    }
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_has_its_place_in_the_log() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let wordy = SentAnswer { excerpt: "x".repeat(5000), ..answer(302) };
    let failures: [(Answer, AttemptResult); 4] = [
        (Err(SendFailure::TimedOut), AttemptResult::TimedOut),
        (Err(SendFailure::Refused("private".to_owned())), AttemptResult::Blocked),
        (Err(SendFailure::Unreachable("no route".to_owned())), AttemptResult::Unreachable("no route".to_owned())),
        (Ok(wordy), AttemptResult::Answered { status: 302, excerpt: "x".repeat(1024) }),
    ];
    for (given, _) in failures.clone() {
        post.wait_for(message).await;
        assert!(matches!(post.answered(message, given).await, AttemptOutcome::Postponed(_)));
    }
    let log = post.delivery(message).await.log;
    assert_eq!(log.into_iter().map(|attempt| attempt.result).collect::<Vec<_>>(), failures.map(|(_, result)| result));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_to_wait_is_waited_for() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let busy = SentAnswer { retry_after: Some(Duration::from_hours(3)), ..answer(429) };
    let outcome = post.answered(message, Ok(busy)).await;
    assert_eq!(outcome, AttemptOutcome::Postponed(post.now() + Duration::from_hours(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_only_fails_is_disabled_in_the_end_and_its_owner_told_once() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let (message, other) = (post.publish().await, post.publish().await);
    let begun = post.now();
    for _ in 1..MAX_ATTEMPTS {
        post.wait_for(message).await;
        assert!(matches!(post.answered(message, Ok(answer(500))).await, AttemptOutcome::Postponed(_)));
    }
    post.wait_for(message).await;
    let days = post.now().duration_since(begun).as_hours() / 24;
    assert!((2..=4).contains(&days), "{days}");
    let last = post.answered(message, Ok(answer(500))).await;
    let AttemptOutcome::EndpointDisabled(disabled) = last else { panic!("{last:?}") };
    assert_eq!((disabled.is_active, disabled.disabled), (false, Some(DisabledReason::Failing)));
    assert_eq!(post.look(&endpoint).await, *disabled);
    assert_eq!(post.delivery(message).await.state, State::Failed);
    assert_eq!(post.attempt(other).await, AttemptOutcome::Cancelled, "what was still on its way is not sent");
    assert_eq!(post.delivery(other).await.state, State::Cancelled);
    assert_eq!(post.calls().len(), 10);

    let change = EndpointChange { is_active: Some(true), ..EndpointChange::default() };
    let enabled = post.endpoints.update(post.owner, endpoint.id, change).await.unwrap().endpoint;
    assert_eq!((enabled.is_active, enabled.disabled, enabled.failing_since), (true, None, None));
    let next = post.publish().await;
    assert_eq!(post.attempt(next).await, AttemptOutcome::Delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_that_is_never_taken_does_not_disable_a_receiver_of_others() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    for attempt in 1..=MAX_ATTEMPTS {
        post.wait_for(message).await;
        let outcome = post.answered(message, Ok(answer(422))).await;
        assert_eq!(outcome == AttemptOutcome::Failed, attempt == MAX_ATTEMPTS, "{outcome:?}");
        if attempt == 5 {
            let other = post.publish().await;
            assert_eq!(post.attempt(other).await, AttemptOutcome::Delivered);
        }
    }
    assert!(post.look(&endpoint).await.is_active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_days_of_failures_are_enough() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    post.answered(message, Ok(answer(500))).await;
    post.world.clock.advance(5 * 24 * 3600 - 1);
    assert!(matches!(post.answered(message, Ok(answer(500))).await, AttemptOutcome::Postponed(_)));
    let fresh = post.publish().await;
    post.world.clock.advance(1);
    assert!(matches!(post.answered(fresh, Ok(answer(500))).await, AttemptOutcome::EndpointDisabled(_)));
    assert!(!post.look(&endpoint).await.is_active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_disabled_at_once() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let outcome = post.answered(message, Ok(answer(410))).await;
    assert!(matches!(outcome, AttemptOutcome::EndpointDisabled(gone) if gone.disabled == Some(DisabledReason::Gone)));
    assert!(!post.look(&endpoint).await.is_active);
    let delivery = post.delivery(message).await;
    assert_eq!((delivery.state, delivery.log.len()), (State::Cancelled, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_from_the_old_address_does_not_disable_the_new_one() {
    let post = Post::open().await;
    let endpoint = post.endpoint("old", &[PAID]).await;
    let message = post.publish().await;
    *post.receivers.slow.lock().unwrap() = true;
    let moves = async {
        post.receivers.called.notified().await;
        post.world.clock.advance(1);
        let change = EndpointChange { url: Some("https://shop.example/new".to_owned()), ..EndpointChange::default() };
        post.endpoints.update(post.owner, endpoint.id, change).await.unwrap();
        post.receivers.go_on.notify_one();
    };
    let (outcome, ()) = tokio::join!(post.answered(message, Ok(answer(410))), moves);
    assert_eq!(outcome, AttemptOutcome::Cancelled);
    assert!(post.look(&endpoint).await.is_active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_an_endpoint_that_was_removed_or_switched_off() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let (one, two) = (post.publish().await, post.publish().await);
    let change = EndpointChange { is_active: Some(false), ..EndpointChange::default() };
    post.endpoints.update(post.owner, endpoint.id, change).await.unwrap();
    assert_eq!(post.attempt(one).await, AttemptOutcome::Cancelled);
    post.endpoints.delete(post.owner, endpoint.id).await.unwrap();
    assert_eq!(post.attempt(two).await, AttemptOutcome::Cancelled);
    assert!(post.calls().is_empty());
    assert_eq!(post.attempt(one).await, AttemptOutcome::Skipped);
}
