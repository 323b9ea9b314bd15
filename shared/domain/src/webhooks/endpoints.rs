//! Creating, reading, changing and deleting endpoints, and disabling those that fail.

use std::sync::Arc;

use store::{Condition, Delete, Put, Query, Table, Transaction, Update, attr};

use super::check::check;
use super::items::{ENDPOINT_PREFIX, EndpointItem, StoredReason, count_key, endpoint_key, owner_partition};
use super::model::{
    DisabledReason, Endpoint, EndpointChange, NewEndpoint, ROTATION, Saved, SecretChoice, SigningSecret,
};
use super::signature::standard_secret;
use super::{EgressPolicy, EndpointId, Owner};
use crate::idempotency;
use crate::kernel::{Clock, Error, IdSource, Resource, Result, Rule, Timestamp};

/// The most endpoints of an owner.
pub const MAX_ENDPOINTS: u32 = 20;

/// The endpoints of one product.
#[derive(Clone)]
pub struct Endpoints {
    pub(super) table: Table,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    events: &'static [&'static str],
    egress: EgressPolicy,
}

impl Endpoints {
    /// Endpoints in `table`, which can subscribe to `events`.
    pub fn new(
        table: Table,
        events: &'static [&'static str],
        egress: EgressPolicy,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { table, clock, ids, events, egress }
    }

    /// Creates an endpoint. A replay of the same request gets the same one.
    ///
    /// Fails with [`Error::Invalid`] for an invalid URL, event list or secret (fields `url`, `events`, `secret`), and
    /// for the owner's 21st endpoint (code `limit`).
    pub async fn create(&self, new: NewEndpoint) -> Result<Saved> {
        let checked = check((Some(&new.url), Some(&new.events), Some(&new.secret)), self.events, self.egress)?;
        let now = self.clock.now();
        let endpoint = Endpoint {
            id: self.ids.uuid(now).into(),
            owner: new.owner,
            url: checked.url.unwrap_or_default(),
            events: checked.events.unwrap_or_default(),
            is_active: true,
            disabled: None,
            failing_since: None,
            created_at: now,
            updated_at: now,
            secret: self.secret(new.secret)?,
            previous: None,
        };
        let room = attr("endpoints").missing().or(attr("endpoints").less_than(MAX_ENDPOINTS));
        let mut transaction = Transaction::new();
        transaction.add(Put::new(&EndpointItem::from(&endpoint))?.when(Condition::item_missing()));
        let count = transaction.add(Update::new(count_key(new.owner)).add("endpoints", 1).when(room));
        let request = idempotency::record(&mut transaction, new.request.as_ref(), endpoint.id.as_uuid(), now)?;
        let Err(error) = self.table.commit(transaction).await else { return Ok(told(endpoint)) };
        if let Some(before) = request.replay_of(&error)? {
            // An endpoint that was deleted since cannot be created again with the same key.
            let before = self.find(new.owner, before.into()).await?;
            return before.map(told).ok_or(Error::Conflict(Rule::IdempotencyKeyReused));
        }
        if error.failed(count).is_some() {
            return Err(Error::invalid("", "limit", format!("Можно настроить не больше {MAX_ENDPOINTS} вебхуков")));
        }
        Err(error.into())
    }

    /// The owner's endpoints, oldest first.
    pub async fn list(&self, owner: Owner) -> Result<Vec<Endpoint>> {
        let query = Query::partition(owner_partition(owner)).prefix(ENDPOINT_PREFIX);
        let items: Vec<EndpointItem> = self.table.query_all(query).await?;
        Ok(items.into_iter().map(Endpoint::from).collect())
    }

    /// The owner's endpoint. Another owner's is not found.
    pub async fn get(&self, owner: Owner, endpoint: EndpointId) -> Result<Endpoint> {
        self.find(owner, endpoint).await?.ok_or(Error::NotFound(Resource::WEBHOOK))
    }

    /// The owner's endpoint, unless there is none.
    pub(super) async fn find(&self, owner: Owner, endpoint: EndpointId) -> Result<Option<Endpoint>> {
        Ok(self.table.get::<EndpointItem>(endpoint_key(owner, endpoint)).await?.map(Endpoint::from))
    }

    /// Changes the owner's endpoint.
    ///
    /// Fails like [`Self::create`], and with [`Rule::Busy`] if another request replaces the secret at the same time.
    pub async fn update(&self, owner: Owner, id: EndpointId, change: EndpointChange) -> Result<Saved> {
        let given = (change.url.as_deref(), change.events.as_deref(), change.secret.as_ref());
        let checked = check(given, self.events, self.egress)?;
        let before = self.get(owner, id).await?;
        let now = self.clock.now();
        let mut update = Update::new(endpoint_key(owner, id))
            .set("updated_at", now.as_millisecond())
            .set_some("url", checked.url)
            .set_some("events", checked.events)
            .set_some("is_active", change.is_active);
        if change.is_active == Some(true) {
            update = update.remove("disabled").remove("failing_since");
        }
        let mut unchanged = Condition::item_exists();
        let secret = change.secret.map(|choice| self.secret(choice)).transpose()?;
        if let Some(secret) = secret.as_ref().filter(|secret| **secret != before.secret) {
            unchanged = unchanged.and(attr("secret").equals(before.secret.expose()));
            update = update
                .set("secret", secret.expose())
                .set("previous_secret", before.secret.expose())
                .set("previous_until", (now + ROTATION).as_millisecond());
        }
        let failed = match self.table.update::<EndpointItem>(update.when(unchanged)).await {
            Ok(item) => return Ok(Saved { endpoint: item.into(), secret }),
            Err(store::Error::ConditionFailed(failed)) => failed,
            Err(error) => return Err(error.into()),
        };
        match failed.item::<EndpointItem>()? {
            None => Err(Error::NotFound(Resource::WEBHOOK)),
            Some(_) => Err(Error::Conflict(Rule::Busy)),
        }
    }

    /// Deletes the owner's endpoint. Its pending deliveries are cancelled when they are due.
    pub async fn delete(&self, owner: Owner, endpoint: EndpointId) -> Result<()> {
        let mut transaction = Transaction::new();
        let deletion = transaction.add(Delete::new(endpoint_key(owner, endpoint)).when(Condition::item_exists()));
        transaction.add(Update::new(count_key(owner)).add("endpoints", -1));
        match self.table.commit(transaction).await {
            Ok(()) => Ok(()),
            Err(error) if error.failed(deletion).is_some() => Err(Error::NotFound(Resource::WEBHOOK)),
            Err(error) => Err(error.into()),
        }
    }

    /// Records a success: earlier failures do not count any more.
    pub(super) async fn recovered(&self, endpoint: &Endpoint) -> Result<()> {
        if endpoint.failing_since.is_none() {
            return Ok(());
        }
        let update = untouched(endpoint, attr("failing_since").exists()).remove("failing_since");
        self.applied(update).await.map(|_| ())
    }

    /// Records the first failure since a success.
    pub(super) async fn began_to_fail(&self, endpoint: &Endpoint, at: Timestamp) -> Result<()> {
        let update = untouched(endpoint, attr("failing_since").missing());
        self.applied(update.set("failing_since", at.as_millisecond())).await.map(|_| ())
    }

    /// Disables the endpoint, unless its owner or a success was faster. Returns it if this call disabled it.
    pub(super) async fn disable(&self, endpoint: &Endpoint, reason: DisabledReason) -> Result<Option<Endpoint>> {
        let still = match (reason, endpoint.failing_since) {
            (DisabledReason::Failing, Some(since)) => attr("failing_since").equals(since.as_millisecond()),
            _ => attr("is_active").equals(true),
        };
        let update = untouched(endpoint, still.and(attr("is_active").equals(true)));
        let update = update
            .set("is_active", false)
            .set("disabled", StoredReason::from(reason))
            .set("updated_at", self.clock.now().as_millisecond());
        self.applied(update).await
    }

    async fn applied(&self, update: Update) -> Result<Option<Endpoint>> {
        Ok(self.table.try_update::<EndpointItem>(update).await?.map(Endpoint::from))
    }

    fn secret(&self, choice: SecretChoice) -> Result<SigningSecret> {
        match choice {
            SecretChoice::Given(secret) => Ok(secret),
            SecretChoice::Generated => self.ids.secret().map(standard_secret),
        }
    }
}

/// An update on the condition that the owner has not changed the endpoint since it was read: what was observed may be
/// about its old URL.
fn untouched(endpoint: &Endpoint, condition: Condition) -> Update {
    let same = attr("updated_at").equals(endpoint.updated_at.as_millisecond());
    Update::new(endpoint_key(endpoint.owner, endpoint.id)).when(same.and(condition))
}

/// A new endpoint with its secret.
fn told(endpoint: Endpoint) -> Saved {
    Saved { secret: Some(endpoint.secret.clone()), endpoint }
}
