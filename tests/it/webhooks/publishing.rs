//! From what happened to messages in the queue.

use domain::kernel::Error;
use domain::webhooks::{AttemptOutcome, EndpointChange, State, event_id};
use serde_json::json;
use store::{Condition, Key, Put, Transaction};

use super::{PAID, Post, QUEUE, REFUSED};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_an_event_is_told_once() {
    let post = Post::open().await;
    let one = post.endpoint("one", &[PAID, REFUSED]).await;
    let two = post.endpoint("two", &[PAID]).await;
    post.endpoint("other", &[REFUSED]).await;
    let off = post.endpoint("off", &[PAID]).await;
    let change = EndpointChange { is_active: Some(false), ..EndpointChange::default() };
    post.endpoints.update(post.owner, off.id, change).await.unwrap();

    let id = event_id(post.now(), &[PAID, "payment-1"]);
    let data = json!({ "paymentId": "payment-1" });
    assert_eq!(post.deliveries.publish(post.owner, PAID, &data, id, post.now()).await.unwrap(), 2);
    let mut messages = post.messages().await;
    messages.sort_by_key(|message| message.endpoint);
    assert_eq!(messages.iter().map(|message| message.endpoint).collect::<Vec<_>>(), [one.id, two.id]);

    let delivery = post.delivery(messages[0]).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.event_id), (State::Pending, 0, id));
    assert_eq!(delivery.next_attempt_at, Some(post.now()));
    assert_eq!(delivery.expires_at.duration_since(delivery.created_at).as_hours(), 30 * 24);
    let expected = format!(
        r#"{{"id":"{id}","event":"payment.succeeded","data":{{"paymentId":"payment-1"}},"timestamp":"2026-01-15T12:00:00.000Z"}}"#
    );
    assert_eq!(delivery.body, expected);

    // Again, later: not even to one that was told already.
    assert_eq!(post.attempt(messages[0]).await, AttemptOutcome::Delivered);
    post.world.clock.advance(5);
    assert_eq!(post.deliveries.publish(post.owner, PAID, &data, id, post.now()).await.unwrap(), 0);
    assert!(post.messages().await.is_empty());
    assert_eq!(post.delivery(messages[0]).await.state, State::Delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_wants_it_is_nothing_to_do() {
    let post = Post::open().await;
    post.endpoint("other", &[REFUSED]).await;
    let id = event_id(post.now(), &["1"]);
    let planned = post.deliveries.plan(post.owner, PAID, &json!({}), id, post.now()).await.unwrap();
    assert!(planned.writes.is_empty() && planned.messages.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_can_be_part_of_what_makes_it_happen() {
    let post = Post::open().await;
    post.endpoint("one", &[PAID]).await;
    post.endpoint("two", &[PAID]).await;
    let id = event_id(post.now(), &["payment-1"]);
    let happen = || async {
        let planned = post.deliveries.plan(post.owner, PAID, &json!({}), id, post.now()).await.unwrap();
        let fact = Put::new(&Key::new("FACT", "1")).unwrap().when(Condition::item_missing());
        let mut transaction = Transaction::new();
        let fact = transaction.add(fact);
        transaction.extend(planned.writes);
        let committed = post.world.table.commit(transaction).await;
        (committed.map(|()| planned.messages), fact)
    };
    let messages = happen().await.0.unwrap();
    assert!(post.messages().await.is_empty(), "nothing is sent before it has happened");
    post.deliveries.send(&messages).await;
    assert_eq!(post.messages().await.len(), 2);
    let (again, fact) = happen().await;
    assert!(again.is_err_and(|error| error.failed(fact).is_some()));
    assert_eq!(post.deliveries.publish(post.owner, PAID, &json!({}), id, post.now()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_a_defect() {
    let post = Post::open().await;
    post.endpoint("in", &[PAID]).await;
    let data = json!({ "text": "x".repeat(20_000) });
    let published = post.deliveries.publish(post.owner, PAID, &data, event_id(post.now(), &[]), post.now()).await;
    assert!(matches!(published, Err(Error::Internal { .. })), "{published:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_message_is_sent_by_the_sweeper_once() {
    let post = Post::with("no-such-queue").await;
    let endpoint = post.endpoint("in", &[PAID]).await;
    let id = event_id(post.now(), &["1"]);
    let fresh = post.deliveries.publish(post.owner, PAID, &json!({}), id, post.now()).await.unwrap();
    assert_eq!(fresh, 1, "what has happened has happened");
    let found = super::Deliveries::new(
        post.endpoints.clone(),
        store::Queue::new(post.world.platform.aws.sqs(), &post.world.sqs.queue_url(QUEUE)),
    );
    assert_eq!(found.sweep().await.done.len(), 0, "it may still be in the queue");
    post.world.clock.advance(121);
    let broken = post.deliveries.sweep().await;
    assert_eq!((broken.done.len(), broken.problems), (0, 1), "the queue is still not there");
    post.world.clock.advance(121);
    let (one, two) = tokio::join!(found.sweep(), found.sweep());
    assert_eq!((one.done.len() + two.done.len(), one.problems + two.problems), (1, 0), "two sweepers send one message");
    let [message] = post.messages().await[..] else { panic!("one message") };
    assert_eq!(message.endpoint, endpoint.id);
    assert_eq!(post.attempt(message).await, AttemptOutcome::Delivered);
    post.world.clock.advance(100_000);
    assert_eq!(found.sweep().await.done.len(), 0, "what is delivered is not open");
}
