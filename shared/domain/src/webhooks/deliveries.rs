//! Publishing events, reading deliveries, and leasing them to workers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use store::{Condition, Put, Query, Queue, Update, attr};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::items::{
    AttemptItem, DeliveryItem, LEASE, OPEN_WEBHOOKS, StoredState, deliveries_partition, delivery_cursor, delivery_key,
};
use super::model::{Attempt, Delivery, Endpoint, State};
use super::signature::unsigned;
use super::{DeliveryId, EndpointId, Endpoints, Owner};
use crate::due::{RESEND_AFTER, Reschedule as _};
use crate::kernel::{Error, Resource, Result, Rule, Timestamp};

/// The longest pause that waits in the queue. Longer ones are ended by a sweep.
const LONGEST_DELAY: Duration = Duration::from_mins(14);
/// Added to a message's delay: clocks differ a little, and a message that comes early would find nothing due.
const CLOCK_SKEW: Duration = Duration::from_secs(1);
/// How many owners' endpoints an instance caches.
const MAX_CACHED_OWNERS: usize = 1000;
/// How long deliveries are kept.
const LIFETIME: Duration = Duration::from_hours(30 * 24);
/// How many attempts a delivery keeps.
const MAX_LOG: usize = 20;
/// How often a delivery can be replayed.
pub const MAX_REPLAYS: u32 = 10;
/// Maximum page size: with their bodies, a read of a megabyte or two.
const MAX_PAGE: u32 = 100;

/// The message that asks a worker to send a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryMessage {
    pub owner: Owner,
    pub endpoint: EndpointId,
    pub delivery: DeliveryId,
}

impl Delivery {
    /// The message that asks a worker to send it.
    pub fn message(&self) -> DeliveryMessage {
        DeliveryMessage { owner: self.owner, endpoint: self.endpoint, delivery: self.id }
    }
}

/// An event's deliveries, to be written in the transaction that makes it happen.
#[derive(Debug, Default)]
pub struct PendingDelivery {
    /// The deliveries, one for each endpoint that subscribes to the event: [`super::MAX_ENDPOINTS`] at most.
    ///
    /// Each fails if the event was written before; the transaction needs a condition of its own to tell that case.
    pub writes: Vec<Put>,
    /// To be passed to [`Deliveries::send`] once they are written.
    pub messages: Vec<DeliveryMessage>,
}

/// A page of an endpoint's deliveries, latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub items: Vec<Delivery>,
    /// Cursor of the next page; `None` at the end.
    pub next: Option<DeliveryId>,
}

/// State of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
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

/// An owner's endpoints as an instance has cached them.
struct Known {
    read_at: Timestamp,
    endpoints: Arc<[Endpoint]>,
}

impl Deliveries {
    /// Deliveries to `endpoints`, kept in the same table, sent by the workers of `queue`.
    pub fn new(endpoints: Endpoints, queue: Queue) -> Self {
        Self { endpoints, queue, known: Arc::default() }
    }

    /// The deliveries of an event that happened at `at`; none if no endpoint subscribes to it. `id` identifies the
    /// event; deliveries are listed in its order, so it should be a UUIDv7 or come from [`super::event_id`].
    ///
    /// Endpoints that were created before `at` get the event; later ones may.
    pub async fn plan(
        &self,
        owner: Owner,
        event: &str,
        data: &impl Serialize,
        id: Uuid,
        at: Timestamp,
    ) -> Result<PendingDelivery> {
        let mut planned = PendingDelivery::default();
        for (message, put) in self.puts(owner, event, data, id, at).await? {
            planned.messages.push(message);
            planned.writes.push(put);
        }
        Ok(planned)
    }

    /// Publishes an event outside of any transaction. Idempotent. Returns the number of new deliveries.
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
            let item = DeliveryItem::new(&delivery, now + RESEND_AFTER);
            Ok((delivery.message(), Put::new(&item)?.when(Condition::item_missing())))
        };
        wanting.into_iter().map(|endpoint| put(fresh(endpoint.id))).collect()
    }

    /// The owner's endpoints, as of `at` or later. A cached list that was read after `at` will do, so a batch of past
    /// events reads each owner once. No endpoint is missed; deliveries to one that was deleted since are cancelled when
    /// they are due.
    async fn endpoints_at(&self, owner: Owner, at: Timestamp) -> Result<Arc<[Endpoint]>> {
        // Locked while it is read: concurrent callers wait for the same list.
        let mut known = self.known.lock().await;
        if let Some(known) = known.get(&owner).filter(|known| at < known.read_at) {
            return Ok(Arc::clone(&known.endpoints));
        }
        let read_at = self.endpoints.clock.now();
        let endpoints: Arc<[Endpoint]> = self.endpoints.list(owner).await?.into();
        if known.len() >= MAX_CACHED_OWNERS {
            known.clear();
        }
        known.insert(owner, Known { read_at, endpoints: Arc::clone(&endpoints) });
        Ok(endpoints)
    }

    /// Sends the messages of written deliveries. If that fails, the sweep sends them.
    pub async fn send(&self, messages: &[DeliveryMessage]) {
        let sent = join_all(messages.iter().map(|message| self.queue.send(message))).await;
        for (message, sent) in messages.iter().zip(sent) {
            if let Err(error) = sent {
                tracing::warn!(%error, delivery = %message.delivery, "webhook not sent, the sweeper will");
            }
        }
    }

    /// The deliveries of the owner's endpoint before `before`, latest first, at most 100.
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

    /// The owner's delivery. Another owner's is not found.
    pub async fn get(&self, message: DeliveryMessage) -> Result<Delivery> {
        let found = self.endpoints.table.get::<DeliveryItem>(delivery_key(message)).await?;
        found.map(Delivery::from).ok_or(Error::NotFound(Resource::DELIVERY))
    }

    /// Restarts a finished delivery with all its attempts. The `webhook-id` stays the same, so the receiver can
    /// recognise the repeat.
    ///
    /// Fails with [`Error::NotFound`] if the endpoint or the delivery is gone, with [`Rule::InProgress`] if the
    /// delivery is pending, and with [`Error::Invalid`] if the endpoint is disabled (code `inactive`) or the delivery
    /// was replayed too often (code `limit`).
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
            .add("replays", 1)
            .when(done.and(attr("replays").less_than(MAX_REPLAYS)));
        let update = OPEN_WEBHOOKS.schedule(update, message.delivery.as_uuid(), now + RESEND_AFTER);
        let failed = match self.endpoints.table.update::<DeliveryItem>(update).await {
            Ok(item) => {
                self.send(&[message]).await;
                return Ok(item.into());
            }
            Err(store::Error::ConditionFailed(failed)) => failed,
            Err(error) => return Err(error.into()),
        };
        match failed.item::<DeliveryItem>()?.map(Delivery::from) {
            None => Err(Error::NotFound(Resource::DELIVERY)),
            Some(delivery) if delivery.state == State::Pending => Err(Error::Conflict(Rule::InProgress)),
            Some(_) => Err(Error::invalid("", "limit", format!("Повторить можно не больше {MAX_REPLAYS} раз"))),
        }
    }

    /// Takes the lease of a delivery that is due, if it is free. `None` if there is nothing to do.
    pub(super) async fn claim(&self, message: DeliveryMessage) -> Result<Option<Delivery>> {
        let now = self.endpoints.clock.now();
        let due = attr("next_attempt_at").less_than(now.as_millisecond() + 1);
        let open = attr("state").equals(StoredState::Pending).and(due);
        let update = Update::new(delivery_key(message)).due_at(LEASE.end(now)).add("attempts", 1);
        let token = self.endpoints.ids.uuid(now);
        let lease = LEASE.take::<DeliveryItem>(&self.endpoints.table, update, open, token, now).await?;
        Ok(lease.granted().map(Delivery::from))
    }

    /// Stores an attempt, if there was one, and the next state. Returns whether the caller still had the lease.
    ///
    /// A short pause ends with the delayed message that is sent here. If that gets lost, the sweep sends another, later
    /// than planned.
    pub(super) async fn finish(&self, delivery: &Delivery, attempt: Option<&Attempt>, next: Next) -> Result<bool> {
        let attempts = delivery.log.iter().chain(attempt);
        let log: Vec<_> =
            attempts.clone().skip(attempts.count().saturating_sub(MAX_LOG)).map(AttemptItem::from).collect();
        let leased = LEASE.is_held(delivery.lease).and(attr("state").equals(StoredState::Pending));
        let update = LEASE.release(Update::new(delivery_key(delivery.message())).set("log", log)).when(leased);
        let (update, delay) = match next {
            Next::Final(state) => {
                let update = update.set("state", StoredState::from(state)).remove("next_attempt_at");
                (update.not_due(), None)
            }
            Next::At(at) => {
                let pause = at.duration_since(self.endpoints.clock.now()).unsigned_abs();
                let delay = (pause <= LONGEST_DELAY).then_some(pause + CLOCK_SKEW);
                let due = if delay.is_some() { at + RESEND_AFTER } else { at };
                (update.set("next_attempt_at", at.as_millisecond()).due_at(due), delay)
            }
        };
        if self.endpoints.table.try_update::<DeliveryItem>(update).await?.is_none() {
            return Ok(false);
        }
        if let Some(delay) = delay
            && let Err(error) = self.queue.send_after(delay, &delivery.message()).await
        {
            tracing::warn!(%error, delivery = %delivery.id, "webhook not sent again, the sweeper will");
        }
        Ok(true)
    }
}
