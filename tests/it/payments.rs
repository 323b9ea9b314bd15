//! The rules of payments, whoever the provider is: notices that repeat, overtake each other, lie or get lost, refunds, faults at every call.
//!
//! Providers here are scripted: they believe a password and read JSON. What the real ones do is tested beside them and under `routes`.

mod creation;
mod faults;
mod reconciliation;
mod refunds;
mod settlement;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::easy_writer::{Deposits, NewDeposit, PRODUCT};
use domain::kernel::{Amount, Clock as _, Error, PaymentId, Result};
use domain::ledger::{Ledger, Posting};
use domain::payments::provider::{
    Acknowledgement, Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider,
    PaymentProviderError, PaymentRef, PaymentUpdate, Refunded, SharedPaymentProvider, Verdict, WebhookRequest,
};
use domain::payments::{Checkout, Payment, Payments, ProviderId, Status};
use serde_json::{Value, json};

use crate::easy_writer::Session;
use crate::world::World;

const PASSWORD: &str = "believe me";

/// How a scripted provider behaves when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Working,
    Silent,
    Broken,
    Refusing,
}

/// A provider that does what a test says.
struct Script {
    id: ProviderId,
    test: bool,
    mood: Mutex<Mood>,
    /// Refuses an order that it knows.
    once: Mutex<bool>,
    /// Every order that it was given.
    orders: Mutex<Vec<Order>>,
    /// Every payment that it was asked about.
    questions: Mutex<Vec<PaymentRef>>,
    /// What it knows about payments.
    knows: Mutex<BTreeMap<PaymentId, Vec<PaymentUpdate>>>,
}

impl Script {
    fn new(id: ProviderId) -> Self {
        let (mood, test) = (Mutex::new(Mood::Working), false);
        let (orders, questions, knows) = (Mutex::default(), Mutex::default(), Mutex::default());
        let once = Mutex::new(false);
        Self { id, test, mood, once, orders, questions, knows }
    }

    fn is_in(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn takes_an_order_once(&self) {
        *self.once.lock().unwrap() = true;
    }

    fn orders(&self) -> Vec<Order> {
        self.orders.lock().unwrap().clone()
    }

    fn questions(&self) -> usize {
        self.questions.lock().unwrap().len()
    }

    fn learns(&self, reports: Vec<PaymentUpdate>) {
        let payment = reports[0].payment;
        self.knows.lock().unwrap().insert(payment, reports);
    }

    fn answer(&self) -> std::result::Result<(), PaymentProviderError> {
        match *self.mood.lock().unwrap() {
            Mood::Working => Ok(()),
            Mood::Silent => Err(PaymentProviderError::TimedOut),
            Mood::Broken => Err(PaymentProviderError::Broken("scripted".to_owned())),
            Mood::Refusing => Err(PaymentProviderError::Rejected("scripted".to_owned())),
        }
    }
}

#[async_trait]
impl PaymentProvider for Script {
    fn id(&self) -> ProviderId {
        self.id
    }

    fn is_test(&self) -> bool {
        self.test
    }

    async fn open(&self, order: &Order) -> std::result::Result<Opened, PaymentProviderError> {
        let known = {
            let mut orders = self.orders.lock().unwrap();
            let known = orders.iter().any(|known| known.payment == order.payment);
            orders.push(order.clone());
            known
        };
        tokio::task::yield_now().await;
        if known && *self.once.lock().unwrap() {
            return Err(PaymentProviderError::Rejected("the order is known".to_owned()));
        }
        self.answer()?;
        Ok(Opened { url: format!("https://pay.example/{}/{}", self.id, order.payment), provider_payment: None })
    }

    async fn read_notification(
        &self,
        notice: WebhookRequest<'_>,
    ) -> std::result::Result<Notification, NotificationError> {
        let malformed = |reason: &str| NotificationError::Malformed(reason.to_owned());
        if (notice.header)("password").as_deref() != Some(PASSWORD) {
            return Err(NotificationError::Forged("password"));
        }
        let body: Value = serde_json::from_slice(notice.body).map_err(|_| malformed("not JSON"))?;
        self.answer()?;
        let Some(report) = read(&body) else { return Ok(Notification::Irrelevant) };
        Ok(if notice.kind == "check" { Notification::PrePaymentCheck(report) } else { Notification::Update(report) })
    }

    fn acknowledge(&self, _: &Notification, verdict: Verdict) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: format!("{verdict:?}") }
    }

    async fn look_up(&self, payment: &PaymentRef) -> std::result::Result<Vec<PaymentUpdate>, PaymentProviderError> {
        self.questions.lock().unwrap().push(payment.clone());
        self.answer()?;
        Ok(self.knows.lock().unwrap().get(&payment.payment).cloned().unwrap_or_default())
    }
}

fn read(body: &Value) -> Option<PaymentUpdate> {
    let event = match body["event"].as_str()? {
        "authorized" => PaymentEvent::Authorized,
        "paid" => PaymentEvent::Paid,
        "declined" => PaymentEvent::Declined,
        "canceled" => PaymentEvent::Canceled,
        "refund" => PaymentEvent::Refunded(Refunded::One { id: body["refund"].as_str()?.to_owned() }),
        "refunded" => PaymentEvent::Refunded(Refunded::InAll),
        _ => return None,
    };
    Some(PaymentUpdate {
        payment: body["payment"].as_str()?.parse().ok()?,
        number: body["number"].as_u64().and_then(|number| number.try_into().ok()),
        provider_payment: body["provider_payment"].as_str()?.to_owned(),
        event,
        amount: Amount::new(body["amount"].as_i64()?),
        currency: body["currency"].as_str()?.to_owned(),
        test: body["test"].as_bool()?,
    })
}

/// What a provider says of a payment: 500 roubles, unless a test changes that.
fn notice(payment: PaymentId, event: &str) -> Value {
    json!({
        "payment": payment.to_string(), "provider_payment": format!("at-provider-{payment}"), "event": event,
        "amount": 50_000, "currency": "RUB", "test": false
    })
}

fn refund(payment: PaymentId, id: &str, kopecks: i64) -> Value {
    let mut refund = notice(payment, "refund");
    (refund["refund"], refund["amount"]) = (json!(id), json!(kopecks));
    refund
}

fn report(payment: PaymentId, event: &str) -> PaymentUpdate {
    read(&notice(payment, event)).unwrap()
}

/// A world with scripted providers and a user in it.
struct Shop {
    world: World,
    user: Session,
    bank: Arc<Script>,
    other_bank: Arc<Script>,
    deposits: Deposits,
}

/// What the user has before buying anything.
const GIFT: i64 = 100;

impl Shop {
    async fn open() -> Self {
        let world = World::easy_writer().await;
        let user = world.register("user@example.com").await;
        let bank = Arc::new(Script::new(ProviderId::TBank));
        let other_bank = Arc::new(Script::new(ProviderId::YooKassa));
        let deposits = deposits(&world, vec![bank.clone(), other_bank.clone()]);
        Self { world, user, bank, other_bank, deposits }
    }

    fn payments(&self) -> &Payments {
        &self.deposits.payments
    }

    /// Begins a payment of 500 roubles.
    async fn create(&self) -> Payment {
        self.begin(ProviderId::TBank, 500, None).await.unwrap().payment
    }

    async fn begin(&self, provider: ProviderId, roubles: i64, key: Option<&str>) -> Result<Checkout> {
        begin(&self.deposits, &self.user, provider, roubles, key).await
    }

    /// Has the bank tell something. Returns what it is answered.
    async fn tell(&self, notice: &Value) -> Result<String> {
        self.tell_as(ProviderId::TBank, "", notice).await
    }

    async fn tell_as(&self, provider: ProviderId, kind: &str, notice: &Value) -> Result<String> {
        let body = notice.to_string();
        let header = |name: &str| (name == "password").then(|| PASSWORD.to_owned());
        let raw =
            WebhookRequest { kind, query: "", content_type: "", header: &header, body: body.as_bytes(), source: None };
        Ok(self.payments().receive(provider, raw).await?.body)
    }

    async fn pay(&self) -> Payment {
        let payment = self.create().await;
        assert_eq!(self.tell(&notice(payment.id, "paid")).await.unwrap(), "Accepted");
        self.look(payment.id).await
    }

    async fn look(&self, payment: PaymentId) -> Payment {
        self.payments().get(self.user.user, payment).await.unwrap()
    }

    async fn status(&self, payment: PaymentId) -> Status {
        self.payments().status(&self.look(payment).await)
    }

    async fn balance(&self) -> i64 {
        // Past the API: tests let more time pass than an access token lasts.
        Ledger::new(self.world.table.clone()).account(self.user.user.into()).await.unwrap().available.units()
    }

    /// Spends raits at once.
    async fn spend(&self, raits: i64) {
        let now = self.world.clock.now();
        let operation = self.world.platform.ids.uuid(now);
        let posting = Posting { operation, amount: Amount::new(raits), description: "Работа".to_owned() };
        Ledger::new(self.world.table.clone()).debit(self.user.user.into(), &posting, now).await.unwrap();
    }

    /// The statement, latest first: amount and description.
    async fn statement(&self) -> Vec<(i64, String)> {
        let reply = self.world.get("/api/v1/user/transactions?limit=100", &self.user.token).await;
        let rows = reply.data()["transactions"].as_array().unwrap().clone();
        let row = |row: &Value| (row["amount"].as_i64().unwrap(), row["description"].as_str().unwrap().to_owned());
        rows.iter().map(row).collect()
    }
}

/// The product's use cases with scripted providers, through AWS clients that can fail.
fn deposits(world: &World, providers: Vec<SharedPaymentProvider>) -> Deposits {
    let platform = &world.platform;
    let table = platform.table().unwrap();
    let payments = Payments::new(table.clone(), providers, platform.clock.clone(), platform.ids.clone());
    Deposits {
        identity: platform.identity(PRODUCT, &table).unwrap(),
        payments,
        return_url: "https://easy-writer.example/paid?payment={payment_id}".to_owned(),
        lifetime: Duration::from_hours(1),
    }
}

async fn begin(
    deposits: &Deposits,
    user: &Session,
    provider: ProviderId,
    roubles: i64,
    key: Option<&str>,
) -> Result<Checkout> {
    let order = NewDeposit {
        roubles: roubles.into(),
        provider: provider.as_str().to_owned(),
        idempotency_key: key.map(str::to_owned),
    };
    deposits.create(user.user, order).await
}

/// Asserts that an error says that its cause is temporary.
#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T>) {
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
}
