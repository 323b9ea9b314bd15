//! What owners see of deliveries, and what they can do about them.

use domain::kernel::{Error, Resource, Rule};
use domain::webhooks::{
    AttemptOutcome, AttemptResult, DeliveryMessage, EndpointChange, MAX_REPLAYS, SendFailure, State,
};
use uuid::Uuid;

use super::{PAID, Post, REFUSED, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_listed_latest_first_page_by_page() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let mut published = Vec::new();
    for _ in 0..5 {
        post.world.clock.advance(1);
        published.push(post.publish().await.delivery);
    }
    published.reverse();
    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = post.deliveries.list(post.owner, endpoint.id, 2, before).await.unwrap();
        assert!(page.items.len() <= 2);
        listed.extend(page.items.into_iter().map(|delivery| delivery.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(listed, published);
    let stranger = Uuid::from_u128(8).into();
    assert!(post.deliveries.list(stranger, endpoint.id, 10, None).await.unwrap().items.is_empty());
    // Any id is a place in the list, somebody else's and one that is gone too.
    let anywhere = Some(Uuid::nil().into());
    assert!(post.deliveries.list(post.owner, endpoint.id, 10, anywhere).await.unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_finds_nothing() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = DeliveryMessage { owner: Uuid::from_u128(8).into(), ..post.publish().await };
    let found = post.deliveries.get(message).await;
    assert!(matches!(found, Err(Error::NotFound(Resource::DELIVERY))), "{found:?}");
    let replayed = post.deliveries.replay(message).await;
    assert!(matches!(replayed, Err(Error::NotFound(Resource::WEBHOOK))), "{replayed:?}");
    assert_eq!(post.attempt(message).await, AttemptOutcome::Skipped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_a_new_series_of_the_same_delivery() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    let running = post.deliveries.replay(message).await;
    assert!(matches!(running, Err(Error::Conflict(Rule::InProgress))), "{running:?}");
    post.attempt(message).await;
    post.world.clock.advance(1000);

    let replayed = post.deliveries.replay(message).await.unwrap();
    assert_eq!((replayed.state, replayed.attempts, replayed.replays), (State::Pending, 0, 1));
    assert_eq!((replayed.series_at, replayed.next_attempt_at), (post.now(), Some(post.now())));
    assert_eq!(post.messages().await, [message]);
    assert!(matches!(post.answered(message, Ok(answer(500))).await, AttemptOutcome::Postponed(_)));
    post.wait_for(message).await;
    assert_eq!(post.messages().await, [message]);
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered);
    let delivery = post.delivery(message).await;
    assert_eq!((delivery.attempts, delivery.log.len()), (2, 3));
    let calls = post.calls();
    assert!(calls.iter().all(|call| call.headers["webhook-id"] == calls[0].headers["webhook-id"]));
    assert!(calls.iter().all(|call| call.body == calls[0].body));

    for _ in 1..MAX_REPLAYS {
        post.deliveries.replay(message).await.unwrap();
        post.attempt(message).await;
    }
    let refused = post.deliveries.replay(message).await;
    assert!(matches!(&refused, Err(Error::Invalid(wrong)) if wrong[0].code == "limit"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_replayed_to_whom_nothing_is_sent() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    post.answered(message, Ok(answer(410))).await;
    let refused = post.deliveries.replay(message).await;
    assert!(matches!(&refused, Err(Error::Invalid(wrong)) if wrong[0].code == "inactive"), "{refused:?}");
    let change = EndpointChange { is_active: Some(true), ..EndpointChange::default() };
    post.endpoints.update(post.owner, endpoint.id, change).await.unwrap();
    post.deliveries.replay(message).await.unwrap();
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered, "a cancelled one too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_remembers_its_latest_attempts() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let message = post.publish().await;
    for _ in 0..3 {
        for _ in 0..7 {
            post.wait_for(message).await;
            post.answered(message, Ok(answer(500))).await;
        }
        post.wait_for(message).await;
        post.attempt(message).await;
        post.deliveries.replay(message).await.unwrap();
    }
    let log = post.delivery(message).await.log;
    assert_eq!(log.len(), 20);
    assert!(log.is_sorted_by_key(|attempt| attempt.at));
    assert!(log.last().unwrap().is_success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_how_it_went_and_changes_nothing() {
    let post = Post::open().await;
    let endpoint = post.endpoint("in", &[REFUSED]).await;
    let trial = post.delivery_worker.test(post.owner, endpoint.id).await.unwrap();
    assert!(trial.attempt.is_success());
    let [call] = &post.calls()[..] else { panic!("one call") };
    assert_eq!(call.body["event"], "webhook.test");
    assert_eq!(call.body["data"]["webhookId"], endpoint.id.to_string());
    assert_eq!(call.headers["webhook-id"], call.body["id"].as_str().unwrap());
    assert_eq!((call.body["id"].as_str().unwrap(), trial.event), (&*trial.event_id.to_string(), "webhook.test"));

    post.receivers.answers.lock().unwrap().extend([Ok(answer(410)), Err(SendFailure::TimedOut)]);
    let gone = post.delivery_worker.test(post.owner, endpoint.id).await.unwrap();
    assert_eq!(gone.attempt.status(), Some(410));
    let silent = post.delivery_worker.test(post.owner, endpoint.id).await.unwrap();
    assert_eq!(silent.attempt.result, AttemptResult::TimedOut);
    assert_eq!(post.look(&endpoint).await, endpoint);
    assert!(post.deliveries.list(post.owner, endpoint.id, 10, None).await.unwrap().items.is_empty());
    let missing = post.delivery_worker.test(post.owner, Uuid::from_u128(1).into()).await;
    assert!(matches!(missing, Err(Error::NotFound(Resource::WEBHOOK))), "{missing:?}");
}
