//! Creating and reading payments.

use std::sync::Arc;
use std::time::Duration;

use store::{Condition, Index, Put, Query, Table, Transaction, Update, attr};

use super::event_publisher::{PaymentEventPublisher, PaymentOutcome};
use super::items::{CounterItem, OPEN_PAYMENTS, PaymentItem, StoredState, counter_key, owner_partition, payment_key};
use super::model::{Checkout, NewPayment, Payment, State};
use super::provider::{Order, PaymentProvider, PaymentProviderError, ProviderId, SharedPaymentProvider};
use crate::due::Reschedule as _;
use crate::idempotency::{self, Request};
use crate::kernel::{
    Amount, Clock, Dependency, Error, IdSource, Page, Paged, PaymentId, Resource, Result, Timestamp, UserId,
};

/// When a payment without any report is first looked up at the provider.
pub(super) const FIRST_CHECK: Duration = Duration::from_mins(5);

/// Placeholder of the payment's id in a return URL.
const ID_IN_URL: &str = "{payment_id}";

/// The payments of one product.
#[derive(Clone)]
pub struct Payments {
    pub(super) table: Table,
    pub(super) providers: Arc<[SharedPaymentProvider]>,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    pub(super) event_publisher: Option<PaymentEventPublisher>,
}

/// Filtered lists stop counting about here: the page of the table that reaches it is counted to its end.
const MAX_COUNTED: u64 = 20_000;

impl Payments {
    /// Payments kept in `table`, made with `providers`.
    pub fn new(
        table: Table,
        providers: Vec<SharedPaymentProvider>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { table, providers: providers.into(), clock, ids, event_publisher: None }
    }

    /// The same, with webhook events about the ends of payments.
    #[must_use]
    pub fn with_event_publisher(self, event_publisher: PaymentEventPublisher) -> Self {
        Self { event_publisher: Some(event_publisher), ..self }
    }

    /// The configured providers, in the order in which they are offered.
    pub fn providers(&self) -> impl Iterator<Item = ProviderId> {
        self.providers.iter().map(|provider| provider.id())
    }

    pub(super) fn provider(&self, id: ProviderId) -> Option<&dyn PaymentProvider> {
        self.providers.iter().find(|provider| provider.id() == id).map(|provider| &**provider)
    }

    pub(super) fn mint_operation(&self, now: Timestamp) -> uuid::Uuid {
        self.ids.uuid(now)
    }

    /// Creates a payment and its page at the provider. A replay of the same request gets the same payment; if the
    /// provider's answer was lost, the provider is called again.
    ///
    /// Fails with [`Error::Failed`] if the provider rejects it, and with [`Error::Unavailable`] if the provider does
    /// not answer: the payment may exist there, so it is kept and looked up later.
    pub async fn start(&self, new: NewPayment) -> Result<Checkout> {
        let provider = self.provider(new.provider);
        let provider = provider.ok_or_else(|| Error::invalid("provider", "not_allowed", NOT_OFFERED))?;
        let now = self.clock.now();
        let payment = Payment {
            id: PaymentId::mint(&*self.ids, now),
            number: self.next_number().await?,
            owner: new.owner,
            provider: new.provider,
            test: provider.is_test(),
            amount: new.amount,
            credit: new.credit,
            rate: new.rate.clone(),
            title: new.title.clone(),
            refund_title: new.refund_title.clone(),
            state: State::Created,
            url: None,
            provider_payment: None,
            created_at: now,
            expires_at: now.saturating_add(new.lifetime).unwrap_or(now),
            paid_at: None,
            refunded: Amount::ZERO,
            debited: Amount::ZERO,
            debt: Amount::ZERO,
            checks: 0,
        };
        let payment = self.write(payment, new.request.as_ref()).await?;
        match &payment.url {
            Some(url) => Ok(Checkout { url: url.clone(), payment }),
            None if payment.state == State::Created && now < payment.expires_at => {
                self.open(provider, payment, new).await
            }
            None => Err(failed("a repeated request whose payment was never opened")),
        }
    }

    /// The next order number. Numbers are unique; those of payments that were not created are skipped.
    async fn next_number(&self) -> Result<u32> {
        let counter: CounterItem = self.table.update(Update::new(counter_key()).add("last", 1)).await?;
        u32::try_from(counter.last).map_err(|error| Error::internal("number of a payment", error))
    }

    /// Writes a new payment. Returns it, or the one that the replayed request created.
    async fn write(&self, payment: Payment, request: Option<&Request>) -> Result<Payment> {
        let item = PaymentItem::new(&payment, payment.created_at + FIRST_CHECK);
        let put = Put::new(&item)?.when(Condition::item_missing());
        if request.is_none() {
            return match self.table.put(put).await {
                // The SDK repeats a write whose answer got lost; nobody else has this id.
                Ok(()) | Err(store::Error::ConditionFailed(_)) => Ok(payment),
                Err(error) => Err(error.into()),
            };
        }
        let mut transaction = Transaction::new();
        transaction.add(put);
        let request = idempotency::record(&mut transaction, request, payment.id.as_uuid(), payment.created_at)?;
        match self.table.commit(transaction).await {
            Ok(()) => Ok(payment),
            Err(error) => match request.replay_of(&error)? {
                Some(before) => self.get(payment.owner, before.into()).await,
                None => Err(error.into()),
            },
        }
    }

    async fn open(&self, provider: &dyn PaymentProvider, payment: Payment, new: NewPayment) -> Result<Checkout> {
        let order = Order {
            payment: payment.id,
            number: payment.number,
            amount: payment.amount,
            description: new.description,
            email: new.email,
            return_url: new.return_url.replace(ID_IN_URL, &payment.id.to_string()),
            created_at: payment.created_at,
            expires_at: payment.expires_at,
        };
        let opened = match provider.open(&order).await {
            Ok(opened) => opened,
            Err(error @ PaymentProviderError::Rejected(_)) => {
                // A provider also rejects an order that it knows already; then a concurrent request has the page.
                let moved = self.refuse(&payment).await?;
                return match moved.and_then(|payment| Some((payment.url.clone()?, payment))) {
                    Some((url, payment)) => Ok(Checkout { payment, url }),
                    None => Err(failed(error)),
                };
            }
            Err(error) => return Err(unavailable(error)),
        };
        let update = Update::new(payment_key(payment.id))
            .set("state", StoredState::Open)
            .set("url", &opened.url)
            .set_some("provider_payment", opened.provider_payment.as_ref())
            .when(attr("state").one_of([StoredState::Created, StoredState::Refused]));
        let update = OPEN_PAYMENTS.schedule(update, payment.id.as_uuid(), payment.created_at + FIRST_CHECK);
        match self.table.try_update::<PaymentItem>(update).await? {
            Some(item) => Ok(Checkout { payment: item.into(), url: opened.url }),
            // A notification or a concurrent replay was faster: their state is newer than `Open`.
            None => self.keep_url(payment.id, opened.url).await,
        }
    }

    /// Stores the page of a payment, unless there is one.
    async fn keep_url(&self, payment: PaymentId, url: String) -> Result<Checkout> {
        let update = Update::new(payment_key(payment)).set("url", &url).when(attr("url").missing());
        let known = match self.table.update::<PaymentItem>(update).await {
            Ok(item) => return Ok(Checkout { payment: item.into(), url }),
            Err(store::Error::ConditionFailed(failed)) => failed.item::<PaymentItem>()?.map(Payment::from),
            Err(error) => return Err(error.into()),
        };
        let payment = known.ok_or_else(|| Error::internal("payment", "payment is missing right after its write"))?;
        Ok(Checkout { url: payment.url.clone().unwrap_or(url), payment })
    }

    /// Closes a payment that the provider rejects. One whose state changed meanwhile stays as it is and is returned.
    async fn refuse(&self, payment: &Payment) -> Result<Option<Payment>> {
        let planned = self.plan(payment, PaymentOutcome::Unpaid).await?;
        let update = Update::new(payment_key(payment.id))
            .set("state", StoredState::Refused)
            .not_due()
            .when(attr("state").equals(StoredState::Created));
        let mut transaction = Transaction::new();
        let change = transaction.add(update);
        match self.commit(transaction, planned).await {
            Ok(()) => Ok(None),
            Err(error) => match error.failed(change) {
                Some(failed) => Ok(failed.item::<PaymentItem>()?.map(Payment::from)),
                None => Err(error.into()),
            },
        }
    }

    /// The owner's payment. Another owner's is not found.
    pub async fn get(&self, owner: UserId, payment: PaymentId) -> Result<Payment> {
        let found = self.find(payment).await?.filter(|payment| payment.owner == owner);
        found.ok_or(Error::NotFound(Resource::PAYMENT))
    }

    /// A page of the owner's payments that are `wanted`, latest first. One that was created a moment ago may be
    /// missing.
    pub async fn list(&self, owner: UserId, wanted: impl Fn(&Payment) -> bool, page: Page) -> Result<Paged<Payment>> {
        let query = Query::index(Index::Gsi2, owner_partition(owner)).reverse();
        let (mut items, mut total, mut cursor) = (Vec::new(), 0, None);
        let (from, to) = (u64::from(page.offset), u64::from(page.offset) + u64::from(page.limit));
        loop {
            let read = self.table.query::<PaymentItem>(query.clone().after(cursor)).await?;
            for payment in read.items.into_iter().map(Payment::from).filter(&wanted) {
                if (from..to).contains(&total) {
                    items.push(payment);
                }
                total += 1;
            }
            cursor = read.next;
            if cursor.is_none() || total >= MAX_COUNTED {
                return Ok(Paged { items, total, page });
            }
        }
    }

    pub(super) async fn find(&self, payment: PaymentId) -> Result<Option<Payment>> {
        Ok(self.table.get::<PaymentItem>(payment_key(payment)).await?.map(Payment::from))
    }

    /// The payment's status as its payer sees it now.
    pub fn status(&self, payment: &Payment) -> super::Status {
        payment.status(self.clock.now())
    }
}

/// Message for a provider that is not configured.
pub(crate) const NOT_OFFERED: &str = "Платёжная система не подключена";

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Failed { resource: Resource::PAYMENT, source: source.into() }
}

pub(super) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unavailable { dependency: Dependency::PaymentProvider, source: source.into() }
}
