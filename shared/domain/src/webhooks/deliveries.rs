//! Publishing events, showing deliveries, and the leases of those who send them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use store::{Condition, Put, Query, Queue, Update, attr};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::items::{
    AttemptItem, DeliveryItem, StoredState, deliveries_partition, delivery_cursor, delivery_key, due_sort_key,
    open_partition,
};
use super::model::{Attempt, Delivery, Endpoint, State};
use super::signature::unsigned;
use super::{DeliveryId, EndpointId, Endpoints, Owner};
use crate::kernel::{Error, Resource, Result, Rule, Timestamp};

/// How long a lease lasts: well above the time-out of an attempt.
const LEASE: Duration = Duration::from_mins(1);
/// How long a sent message may wait in the queue before the sweeper sends it again. A second one does no harm: the lease decides.
pub(super) const QUEUE_PATIENCE: Duration = Duration::from_mins(2);
/// The longest that a message can wait in the queue for the next attempt. Longer pauses are ended by the sweeper.
const LONGEST_DELAY: Duration = Duration::from_mins(14);
/// What a message waits longer than it has to: clocks differ a little, and one that came early would find nothing to do.
const LATENESS: Duration = Duration::from_secs(1);
/// Of how many owners an instance remembers the endpoints.
const REMEMBERED: usize = 1000;
/// How long deliveries are kept.
const LIFETIME: Duration = Duration::from_hours(30 * 24);
/// How many attempts a delivery remembers.
const MAX_LOG: usize = 20;
/// How often a delivery can be replayed.
pub const MAX_REPLAYS: u32 = 10;
/// The most deliveries on a page: with their bodies they are a read of a megabyte or two.
const MAX_PAGE: u32 = 100;

/// The message that asks a worker to send a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryMessage {
    /// Whose.
    pub owner: Owner,
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// Which.
    pub delivery: DeliveryId,
}

impl Delivery {
    /// The message that asks for it to be sent.
    pub fn message(&self) -> DeliveryMessage {
        DeliveryMessage { owner: self.owner, endpoint: self.endpoint, delivery: self.id }
    }
}

/// An event's deliveries, to be written in the transaction that makes it happen.
#[derive(Debug, Default)]
pub struct Planned {
    /// The writes, one for each endpoint that wants the event: [`super::MAX_ENDPOINTS`] at most.
    ///
    /// Each fails if the same event was written before; a transaction that makes something happen once has a condition of its own that fails then.
    pub writes: Vec<Put>,
    /// What is to be given to [`Deliveries::send`] once they are written.
    pub messages: Vec<DeliveryMessage>,
}

/// Some of an endpoint's deliveries, latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The deliveries.
    pub items: Vec<Delivery>,
    /// The deliveries before this one are next; `None` at the end.
    pub next: Option<DeliveryId>,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing more.
    Final(State),
    /// Another attempt.
    At(Timestamp),
}

/// The deliveries of one product.
#[derive(Clone)]
pub struct Deliveries {
    pub(super) endpoints: Endpoints,
    pub(super) queue: Queue,
    known: Arc<Mutex<HashMap<Owner, Known>>>,
}

/// What an instance has read of an owner.
struct Known {
    read_at: Timestamp,
    endpoints: Arc<[Endpoint]>,
}

impl Deliveries {
    /// Deliveries to `endpoints`, kept in the same table, sent by the workers of `queue`.
    pub fn new(endpoints: Endpoints, queue: Queue) -> Self {
        Self { endpoints, queue, known: Arc::default() }
    }

    /// What has to be written for an event that happened at `at`: nothing, where nobody wants it. `id` tells the event from all others; events are
    /// listed in its order, so it should be a UUIDv7 or come from [`super::event_id`].
    ///
    /// An endpoint that was made before `at` is told; one that was made later may be.
    pub async fn plan(
        &self,
        owner: Owner,
        event: &str,
        data: &impl Serialize,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Planned> {
        let mut planned = Planned::default();
        for (message, put) in self.puts(owner, event, data, id, at).await? {
            planned.messages.push(message);
            planned.writes.push(put);
        }
        Ok(planned)
    }

    /// Publishes an event that is not part of a transaction. Publishing the same one again does nothing. Returns how many deliveries are new.
    pub async fn publish(
        &self,
        owner: Owner,
        event: &str,
        data: &impl Serialize,
        id: Uuid,
        at: Timestamp,
    ) -> Result<usize> {
        let puts = self.puts(owner, event, data, id, at).await?;
        let write = |(message, put)| async move {
            match self.endpoints.table.put(put).await {
                Ok(()) => Ok(Some(message)),
                Err(store::Error::ConditionFailed(_)) => Ok(None),
                Err(error) => Err(Error::from(error)),
            }
        };
        let written = try_join_all(puts.into_iter().map(write)).await?;
        let fresh: Vec<DeliveryMessage> = written.into_iter().flatten().collect();
        self.send(&fresh).await;
        Ok(fresh.len())
    }

    async fn puts(
        &self,
        owner: Owner,
        event: &str,
        data: &impl Serialize,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Vec<(DeliveryMessage, Put)>> {
        let endpoints = self.endpoints_at(owner, at).await?;
        let wanting: Vec<_> = endpoints.iter().filter(|endpoint| endpoint.wants(event)).collect();
        if wanting.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.endpoints.clock.now();
        let body = unsigned(id, event, data, at)?;
        let fresh = |endpoint: EndpointId| Delivery {
            id: DeliveryId::of(id, endpoint),
            endpoint,
            owner,
            event_id: id,
            event: event.to_owned(),
            body: body.clone(),
            state: State::Pending,
            attempts: 0,
            next_attempt_at: Some(now),
            log: Vec::new(),
            replays: 0,
            created_at: now,
            series_at: now,
            expires_at: now + LIFETIME,
            lease: None,
        };
        let put = |delivery: Delivery| {
            let item = DeliveryItem::new(&delivery, now + QUEUE_PATIENCE);
            Ok((delivery.message(), Put::new(&item)?.when(Condition::item_missing())))
        };
        wanting.into_iter().map(|endpoint| put(fresh(endpoint.id))).collect()
    }

    /// The owner's endpoints, as they were at `at` or later. Those that were read after `at` need not be read again, so that a batch of events that
    /// have all happened is one read for each owner. Nobody is missed; what is planned for an endpoint that is gone since is cancelled when its turn
    /// comes.
    async fn endpoints_at(&self, owner: Owner, at: Timestamp) -> Result<Arc<[Endpoint]>> {
        // Locked while it is read: whoever else asks wants to know the same.
        let mut known = self.known.lock().await;
        if let Some(known) = known.get(&owner).filter(|known| at < known.read_at) {
            return Ok(Arc::clone(&known.endpoints));
        }
        let read_at = self.endpoints.clock.now();
        let endpoints: Arc<[Endpoint]> = self.endpoints.list(owner).await?.into();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(owner, Known { read_at, endpoints: Arc::clone(&endpoints) });
        Ok(endpoints)
    }

    /// Sends the messages of written deliveries. One that cannot be sent is left to the sweeper: what happened has happened.
    pub async fn send(&self, messages: &[DeliveryMessage]) {
        let sent = join_all(messages.iter().map(|message| self.queue.send(message))).await;
        for (message, sent) in messages.iter().zip(sent) {
            if let Err(error) = sent {
                tracing::warn!(%error, delivery = %message.delivery, "webhook not sent, the sweeper will");
            }
        }
    }

    /// The deliveries of the owner's endpoint, latest first, those before `before`. At most 100.
    pub async fn list(
        &self,
        owner: Owner,
        endpoint: EndpointId,
        limit: u32,
        before: Option<DeliveryId>,
    ) -> Result<Listed> {
        let after = before.map(|delivery| delivery_cursor(DeliveryMessage { owner, endpoint, delivery }));
        let query = Query::partition(deliveries_partition(owner, endpoint)).reverse();
        let query = query.limit(limit.clamp(1, MAX_PAGE)).after(after);
        let page = self.endpoints.table.query::<DeliveryItem>(query).await?;
        let items: Vec<Delivery> = page.items.into_iter().map(Delivery::from).collect();
        let next = page.next.and_then(|_| items.last().map(|delivery| delivery.id));
        Ok(Listed { items, next })
    }

    /// A delivery of the owner's. Somebody else's does not exist.
    pub async fn get(&self, message: DeliveryMessage) -> Result<Delivery> {
        let found = self.endpoints.table.get::<DeliveryItem>(delivery_key(message)).await?;
        found.map(Delivery::from).ok_or(Error::NotFound(Resource::Delivery))
    }

    /// Begins a delivery anew, with all its attempts, whatever became of it. The receiver sees the same `webhook-id`, so that it can tell what it
    /// has.
    ///
    /// Fails with [`Error::NotFound`] if endpoint or delivery are gone, with [`Rule::InProgress`] for one that is still on its way, and with [`Error::Invalid`] if the endpoint does not take anything (code
    /// `inactive`) or this one was replayed too often (code `limit`).
    pub async fn replay(&self, message: DeliveryMessage) -> Result<Delivery> {
        let now = self.endpoints.clock.now();
        let endpoint = self.endpoints.get(message.owner, message.endpoint).await?;
        if !endpoint.is_active {
            return Err(Error::invalid("", "inactive", "Вебхук отключён: сначала включите его"));
        }
        let done = attr("state").one_of([StoredState::Delivered, StoredState::Failed, StoredState::Cancelled]);
        let update = Update::new(delivery_key(message))
            .set("state", StoredState::Pending)
            .set("attempts", 0)
            .set("next_attempt_at", now.as_millisecond())
            .set("series_at", now.as_millisecond())
            .set("expires_at", (now + LIFETIME).as_second())
            .set("gsi1pk", open_partition(message.delivery))
            .set("gsi1sk", due_sort_key(now + QUEUE_PATIENCE))
            .add("replays", 1)
            .when(done.and(attr("replays").less_than(MAX_REPLAYS)));
        let failed = match self.endpoints.table.update::<DeliveryItem>(update).await {
            Ok(item) => {
                self.send(&[message]).await;
                return Ok(item.into());
            }
            Err(store::Error::ConditionFailed(failed)) => failed,
            Err(error) => return Err(error.into()),
        };
        match failed.item::<DeliveryItem>()?.map(Delivery::from) {
            None => Err(Error::NotFound(Resource::Delivery)),
            Some(delivery) if delivery.state == State::Pending => Err(Error::Conflict(Rule::InProgress)),
            Some(_) => Err(Error::invalid("", "limit", format!("Повторить можно не больше {MAX_REPLAYS} раз"))),
        }
    }

    /// Takes the lease of a delivery that is due and that nobody works on. `None` if there is nothing to do.
    pub(super) async fn claim(&self, message: DeliveryMessage) -> Result<Option<Delivery>> {
        let now = self.endpoints.clock.now();
        let token = self.endpoints.ids.uuid(now);
        let free = attr("lease_until").missing().or(attr("lease_until").less_than(now.as_millisecond()));
        let due = attr("next_attempt_at").less_than(now.as_millisecond() + 1);
        let update = Update::new(delivery_key(message))
            .set("lease", token)
            .set("lease_until", (now + LEASE).as_millisecond())
            .set("gsi1sk", due_sort_key(now + LEASE))
            .add("attempts", 1)
            .when(attr("state").equals(StoredState::Pending).and(due).and(free));
        let failed = match self.endpoints.table.update::<DeliveryItem>(update).await {
            Ok(item) => return Ok(Some(item.into())),
            Err(store::Error::ConditionFailed(failed)) => failed,
            Err(error) => return Err(error.into()),
        };
        let there = failed.item::<DeliveryItem>()?.map(Delivery::from);
        // The SDK repeats a write whose answer got lost: the lease may be ours already.
        Ok(there.filter(|delivery| delivery.lease == Some(token)))
    }

    /// Writes down how an attempt went, if there was one, and what is next. Returns whether the caller still had the lease.
    ///
    /// A pause that the queue can wait is over when the message comes that is sent here. If it gets lost, the sweeper is late, not early.
    pub(super) async fn finish(&self, delivery: &Delivery, attempt: Option<&Attempt>, next: Next) -> Result<bool> {
        let attempts = delivery.log.iter().chain(attempt);
        let log: Vec<_> =
            attempts.clone().skip(attempts.count().saturating_sub(MAX_LOG)).map(AttemptItem::from).collect();
        // A nil lease matches no stored one: a delivery that was not claimed cannot be finished.
        let leased = attr("lease").equals(delivery.lease.unwrap_or(Uuid::nil()));
        let update = Update::new(delivery_key(delivery.message()))
            .set("log", log)
            .remove("lease")
            .remove("lease_until")
            .when(leased.and(attr("state").equals(StoredState::Pending)));
        let (update, delay) = match next {
            Next::Final(state) => {
                let update = update.set("state", StoredState::from(state)).remove("next_attempt_at");
                (update.remove("gsi1pk").remove("gsi1sk"), None)
            }
            Next::At(at) => {
                let pause = at.duration_since(self.endpoints.clock.now()).unsigned_abs();
                let delay = (pause <= LONGEST_DELAY).then_some(pause + LATENESS);
                let due = if delay.is_some() { at + QUEUE_PATIENCE } else { at };
                (update.set("next_attempt_at", at.as_millisecond()).set("gsi1sk", due_sort_key(due)), delay)
            }
        };
        match self.endpoints.table.update::<DeliveryItem>(update).await {
            Ok(_) => {}
            Err(store::Error::ConditionFailed(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        if let Some(delay) = delay
            && let Err(error) = self.queue.send_after(delay, &delivery.message()).await
        {
            tracing::warn!(%error, delivery = %delivery.id, "webhook not sent again, the sweeper will");
        }
        Ok(true)
    }
}
