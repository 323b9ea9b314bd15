//! The rules of webhooks: who is told what, how often, and when it ends. The receivers are scripted; the real sender is tested in `vendors`.

mod attempts;
mod endpoints;
mod log;
mod publishing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::kernel::{Clock, Timestamp};
use domain::webhooks::{
    AttemptOutcome, Deliveries, Delivery, DeliveryMessage, DeliveryWorker, EgressPolicy, Endpoint, Endpoints, Header,
    NewEndpoint, Owner, SecretChoice, SendFailure, SentAnswer, WebhookSender,
};
use serde_json::{Value, json};
use store::Queue;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::world::World;

const QUEUE: &str = "webhooks";
const PAID: &str = "payment.succeeded";
const REFUSED: &str = "payment.failed";
const EVENTS: &[&str] = &[PAID, REFUSED];

/// What a receiver got.
#[derive(Debug, Clone)]
struct Call {
    url: String,
    headers: BTreeMap<&'static str, String>,
    body: Value,
}

type Answer = Result<SentAnswer, SendFailure>;

/// Receivers that answer what a test says, and 200 when it says nothing.
#[derive(Default)]
struct Receivers {
    calls: Mutex<Vec<Call>>,
    answers: Mutex<VecDeque<Answer>>,
    /// Whether receivers take their time: until they are told to go on.
    slow: Mutex<bool>,
    called: Notify,
    go_on: Notify,
}

#[async_trait]
impl WebhookSender for Receivers {
    async fn send(&self, url: &str, headers: &[Header], body: Bytes) -> Answer {
        self.calls.lock().unwrap().push(Call {
            url: url.to_owned(),
            headers: headers.iter().cloned().collect(),
            body: serde_json::from_slice(&body).unwrap(),
        });
        self.called.notify_one();
        let slow = *self.slow.lock().unwrap();
        if slow {
            self.go_on.notified().await;
        }
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Ok(answer(200)))
    }
}

fn answer(status: u16) -> SentAnswer {
    SentAnswer { status, retry_after: None, excerpt: "ответ".to_owned(), took: Duration::from_millis(7) }
}

/// A product with webhooks.
struct Post {
    world: World,
    endpoints: Endpoints,
    deliveries: Deliveries,
    delivery_worker: DeliveryWorker,
    receivers: Arc<Receivers>,
    owner: Owner,
}

impl Post {
    async fn open() -> Self {
        Self::with(QUEUE).await
    }

    /// A product whose messages go to a certain queue. One that is not there loses them.
    async fn with(queue: &str) -> Self {
        let world = World::easy_writer().await;
        world.sqs.put_queue(QUEUE, BTreeMap::new()).await.unwrap();
        let (clock, ids) = (Arc::clone(&world.platform.clock), Arc::clone(&world.platform.ids));
        let endpoints = Endpoints::new(world.table.clone(), EVENTS, EgressPolicy::Internet, clock, ids);
        let queue = Queue::new(world.platform.aws.sqs(), &world.sqs.queue_url(queue));
        let deliveries = Deliveries::new(endpoints.clone(), queue);
        let receivers = Arc::new(Receivers::default());
        let delivery_worker = DeliveryWorker::new(deliveries.clone(), Arc::clone(&receivers) as Arc<dyn WebhookSender>);
        Self { world, endpoints, deliveries, delivery_worker, receivers, owner: Uuid::from_u128(7).into() }
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    fn new_endpoint(&self, path: &str, events: &[&str]) -> NewEndpoint {
        NewEndpoint {
            owner: self.owner,
            url: format!("https://shop.example/{path}"),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            secret: SecretChoice::Given("your-webhook-secret".to_owned().into()),
            request: None,
        }
    }

    async fn endpoint(&self, path: &str, events: &[&str]) -> Endpoint {
        self.endpoints.create(self.new_endpoint(path, events)).await.unwrap().endpoint
    }

    async fn look(&self, endpoint: &Endpoint) -> Endpoint {
        self.endpoints.get(self.owner, endpoint.id).await.unwrap()
    }

    /// Publishes a new event that one endpoint wants.
    async fn publish(&self) -> DeliveryMessage {
        let id = self.world.platform.ids.uuid(self.now());
        let fresh = self.deliveries.publish(self.owner, PAID, &json!({ "amount": "10.00" }), id, self.now()).await;
        assert_eq!(fresh.unwrap(), 1);
        for message in self.messages().await {
            if self.delivery(message).await.event_id == id {
                return message;
            }
        }
        panic!("no message")
    }

    /// Takes what is in the queue.
    async fn messages(&self) -> Vec<DeliveryMessage> {
        let messages = self.world.sqs.receive(QUEUE, 10, Duration::ZERO).await.unwrap();
        let handles = messages.iter().map(|message| message.receipt_handle.clone()).collect();
        self.world.sqs.delete(QUEUE, handles).await.unwrap();
        messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    async fn delivery(&self, message: DeliveryMessage) -> Delivery {
        self.deliveries.get(message).await.unwrap()
    }

    async fn attempt(&self, message: DeliveryMessage) -> AttemptOutcome {
        self.delivery_worker.attempt(message).await.unwrap()
    }

    /// An attempt that gets an answer.
    async fn answered(&self, message: DeliveryMessage, answer: Answer) -> AttemptOutcome {
        self.receivers.answers.lock().unwrap().push_back(answer);
        self.attempt(message).await
    }

    /// Moves the clock to when a delivery is due and, after a short pause, its message has come.
    async fn wait_for(&self, message: DeliveryMessage) {
        let due = self.delivery(message).await.next_attempt_at.expect("another attempt");
        let millis = due.as_millisecond() - self.now().as_millisecond();
        self.world.clock.advance(millis.max(0) / 1000 + 3);
    }

    fn calls(&self) -> Vec<Call> {
        self.receivers.calls.lock().unwrap().clone()
    }
}
