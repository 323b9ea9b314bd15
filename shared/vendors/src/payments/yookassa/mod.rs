//! ЮKassa, API v3.
//!
//! A payment is created by `POST /payments` with our id as `Idempotence-Key`, so that a repeat returns the same
//! payment. After 202 (still processing) the same request is repeated, three times at most.
//!
//! Notifications have no signature. One is accepted from a known network only, and only as a pointer to an object,
//! whose state is read from the API. A notification about an object that our shop does not have is forged.
//!
//! Source: yookassa.ru/developers and the company's Python SDK 3.13. The lifetime of an idempotence key is unverified
//! (24 hours by recollection).

mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::Clock;
use domain::payments::provider::{
    Acknowledgement, Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider,
    PaymentProviderError, PaymentRef, PaymentUpdate, ProviderId, Refunded, Verdict, WebhookRequest,
};
use ipnet::IpNet;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::wire::{Message, Payment, Refund};
use super::money::roubles;
use super::{MAX_REPLY, ROUBLES, ReceiptSettings, TIMEOUTS, Unreadable, opened, plain, secrets_of};
use crate::http::{Body, Failure, HttpClient, endpoint, within};
use crate::{Secret, Timeouts};

/// Repeats of a request answered with 202.
const MAX_REPEATS: usize = 3;

#[derive(Debug, Clone)]
pub struct YooKassaSettings {
    pub shop_id: String,
    pub secret_key: Secret,
    pub base_url: String,
    pub test: bool,
    /// Networks that notifications come from.
    pub addresses: Vec<IpNet>,
    /// Without it no receipts are sent.
    pub receipt: Option<ReceiptSettings>,
    /// Pause before a request answered with 202 is repeated.
    pub repeat_after: Duration,
    pub timeouts: Timeouts,
}

impl YooKassaSettings {
    pub const DEFAULT_BASE_URL: &str = "https://api.yookassa.ru/v3";

    /// Networks of notifications, as in the company's Python SDK 3.13.
    pub const DEFAULT_ADDRESSES: &str = "185.71.76.0/27,185.71.77.0/27,77.75.153.0/25,77.75.154.128/25,77.75.156.11/32,\
        77.75.156.35/32,2a02:5180:0:1509::/64,2a02:5180:0:2655::/64,2a02:5180:0:1533::/64,2a02:5180:0:2669::/64";

    pub fn new(shop_id: impl Into<String>, secret_key: Secret) -> Self {
        Self {
            shop_id: shop_id.into(),
            secret_key,
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            test: false,
            addresses: Self::DEFAULT_ADDRESSES.split(',').filter_map(|network| network.parse().ok()).collect(),
            receipt: None,
            repeat_after: Duration::from_millis(1800),
            timeouts: TIMEOUTS,
        }
    }
}

pub struct YooKassa {
    settings: YooKassaSettings,
    http: HttpClient,
}

impl YooKassa {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: YooKassaSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("yookassa", settings.timeouts, clock);
        Self { settings, http }
    }

    fn url(&self, path: &str) -> String {
        endpoint(&self.settings.base_url, path)
    }

    fn proved(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.settings.shop_id, Some(self.settings.secret_key.expose()))
    }

    fn order(&self, order: &Order) -> Value {
        let mut body = json!({
            "amount": { "value": roubles(order.amount), "currency": ROUBLES },
            "capture": true,
            "confirmation": { "type": "redirect", "return_url": order.return_url },
            "description": order.description,
            "metadata": { "payment_id": order.payment.to_string() },
        });
        let receipt = self.settings.receipt.zip(order.email.as_deref());
        if let (Some((receipt, email)), Some(body)) = (receipt, body.as_object_mut()) {
            body.insert("receipt".to_owned(), receipt.yookassa(order, email));
        }
        body
    }

    async fn create(&self, order: &Order) -> Result<Payment, PaymentProviderError> {
        let body = self.order(order);
        let secrets = secrets_of(&self.settings.secret_key, order);
        for repeat in 0..=MAX_REPEATS {
            if repeat > 0 {
                tokio::time::sleep(self.settings.repeat_after).await;
            }
            let post = self.http.post(self.url("/payments"))?;
            let post = self.proved(post).header("Idempotence-Key", order.payment.to_string()).json(&body);
            let answer = self.http.open_hiding(post, secrets.clone()).await?;
            if answer.status() != StatusCode::ACCEPTED {
                return Ok(answer.json("payment", MAX_REPLY).await?);
            }
        }
        Err(PaymentProviderError::Broken("the payment is still being made".to_owned()))
    }

    async fn ask(&self, path: &str, id: &str) -> Result<Body, Failure> {
        let get = self.proved(self.http.get(&self.url(&format!("{path}/{id}")))?);
        self.http.open_hiding(get, vec![self.settings.secret_key.clone()]).await
    }

    /// Reads an object; `None` if the shop has no such object.
    async fn read<T: DeserializeOwned>(&self, path: &str, id: &str) -> Result<Option<T>, PaymentProviderError> {
        let answer = match self.ask(path, id).await {
            Err(Failure::Answered(answer)) if answer.status == 404 => return Ok(None),
            answer => answer?,
        };
        Ok(answer.json("object", MAX_REPLY).await.map(Some)?)
    }

    async fn payment(&self, id: &str) -> Result<Option<Payment>, PaymentProviderError> {
        let payment: Option<Payment> = self.read("/payments", id).await?;
        match payment {
            Some(payment) if payment.id != id => {
                Err(PaymentProviderError::Broken("another payment than asked for".to_owned()))
            }
            payment => Ok(payment),
        }
    }

    async fn refund(&self, id: &str) -> Result<Option<(Refund, Payment)>, PaymentProviderError> {
        let refund: Option<Refund> = self.read("/refunds", id).await?;
        let Some(refund) = refund else { return Ok(None) };
        if refund.id != id || !is_id(&refund.payment_id) {
            return Err(PaymentProviderError::Broken("another refund than asked for".to_owned()));
        }
        // Only the payment has our id.
        let payment = self.payment(&refund.payment_id).await?;
        Ok(payment.map(|payment| (refund, payment)))
    }

    /// The state of the object that a notification names.
    async fn reread(&self, message: &Message) -> Result<Notification, NotificationError> {
        let id = message.object.id.as_str();
        if !is_id(id) {
            return Err(Unreadable::new("an object's id is not one").into());
        }
        let unknown = NotificationError::Forged("the shop has no such object");
        let total = self.settings.timeouts.total;
        let report = match message.event.as_str() {
            "payment.waiting_for_capture" | "payment.succeeded" | "payment.canceled" => {
                within(total, self.payment(id)).await?.ok_or(unknown)?.report()?
            }
            "refund.succeeded" => {
                let (refund, payment) = within(total, self.refund(id)).await?.ok_or(unknown)?;
                refunded(&refund, payment)?
            }
            _ => None,
        };
        Ok(report.map_or(Notification::Irrelevant, Notification::Update))
    }

    fn is_trusted(&self, source: Option<IpAddr>) -> bool {
        // A dual-stack listener sees IPv4-mapped IPv6 addresses.
        let source = source.map(|source| source.to_canonical());
        source.is_some_and(|source| self.settings.addresses.iter().any(|network| network.contains(&source)))
    }
}

/// Whether an id is safe as a path segment.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The update of a refund, if it has succeeded and is of one of our payments.
fn refunded(refund: &Refund, payment: Payment) -> Result<Option<PaymentUpdate>, PaymentProviderError> {
    let amount = refund.amount.kopecks()?;
    let is_done = refund.status == "succeeded";
    let Some(ours) = payment.ours().filter(|_| is_done) else { return Ok(None) };
    Ok(Some(PaymentUpdate {
        payment: ours,
        number: None,
        provider_payment: payment.id,
        event: PaymentEvent::Refunded(Refunded::One { id: refund.id.clone() }),
        amount,
        currency: refund.amount.currency.clone(),
        test: payment.test,
    }))
}

#[async_trait]
impl PaymentProvider for YooKassa {
    fn id(&self) -> ProviderId {
        ProviderId::YooKassa
    }

    fn is_test(&self) -> bool {
        self.settings.test
    }

    async fn open(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        let payment = within(self.settings.timeouts.total, self.create(order)).await?;
        let page = payment.confirmation.as_ref().and_then(|confirmation| confirmation.confirmation_url.as_deref());
        opened(page.unwrap_or_default(), Some(&payment.id))
    }

    async fn read_notification(&self, notice: WebhookRequest<'_>) -> Result<Notification, NotificationError> {
        if !self.is_trusted(notice.source) {
            return Err(NotificationError::Forged("it does not come from a known address"));
        }
        let message: Message =
            serde_json::from_slice(notice.body).map_err(|error| Unreadable::json("notice", &error))?;
        self.reread(&message).await
    }

    fn acknowledge(&self, _: &Notification, _: Verdict) -> Acknowledgement {
        plain("")
    }

    /// Without refunds: they have their own notifications, and the payment has only their sum.
    async fn look_up(&self, payment: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        let Some(id) = payment.provider_payment.as_deref().filter(|id| is_id(id)) else { return Ok(Vec::new()) };
        let found = within(self.settings.timeouts.total, self.payment(id)).await?;
        let report = found.map(Payment::report).transpose()?.flatten();
        Ok(report.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoClock;

    impl Clock for NoClock {
        fn now(&self) -> domain::kernel::Timestamp {
            domain::kernel::Timestamp::UNIX_EPOCH
        }
    }

    #[test]
    fn known_addresses_are_those_of_the_sdk() {
        let settings = YooKassaSettings::new("1", Secret::new("k"));
        assert_eq!(settings.addresses.len(), 10, "every default address parses");
        let yookassa = YooKassa::new(settings, Arc::new(NoClock));
        for trusted in [
            "185.71.76.1",
            "185.71.76.31",
            "185.71.77.0",
            "77.75.153.127",
            "77.75.154.128",
            "77.75.154.255",
            "77.75.156.11",
            "77.75.156.35",
            "2a02:5180:0:1509::1",
            "2a02:5180:0:2669:ffff::1",
            "::ffff:185.71.76.1",
        ] {
            assert!(yookassa.is_trusted(trusted.parse().ok()), "{trusted}");
        }
        for other in
            ["185.71.76.32", "77.75.153.128", "77.75.154.127", "77.75.156.12", "2a02:5180:0:1510::1", "127.0.0.1"]
        {
            assert!(!yookassa.is_trusted(other.parse().ok()), "{other}");
        }
        assert!(!yookassa.is_trusted(None));
    }

    #[test]
    fn ids_cannot_leave_their_place_in_the_path() {
        assert!(is_id("22e12f66-000f-5000-8000-18db351245c7"));
        for id in ["", "..", "a/b", "a?b", "a#b", "%2e", "a b", "ы", &"a".repeat(65)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
