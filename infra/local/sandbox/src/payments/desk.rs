//! Payments, their state, and the notifications to the shop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Credentials, cloudpayments, robokassa, tbank, yookassa};

/// Number of payments kept; older ones are dropped.
const CAPACITY: usize = 1000;
/// Number of notifications on a payment's page.
const SHOWN: usize = 40;
/// Time-out of a notification.
const NOTIFICATION_TIMEOUT: Duration = Duration::from_secs(10);

/// The payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    YooKassa,
    Robokassa,
    CloudPayments,
    TBank,
}

impl Provider {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::YooKassa => "ЮKassa",
            Self::Robokassa => "Robokassa",
            Self::CloudPayments => "CloudPayments",
            Self::TBank => "Т-Банк",
        }
    }

    /// Its name in the shop's webhook URLs.
    const fn path(self) -> &'static str {
        match self {
            Self::YooKassa => "yookassa",
            Self::Robokassa => "robokassa",
            Self::CloudPayments => "cloudpayments",
            Self::TBank => "tbank",
        }
    }
}

/// The state of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Paid,
    Declined,
    Canceled,
}

impl State {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Open => "ожидает оплаты",
            Self::Paid => "оплачен",
            Self::Declined => "отклонён",
            Self::Canceled => "отменён",
        }
    }
}

/// A refund.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
}

/// A payment.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    /// Part of the page's URL.
    pub(super) number: u64,
    /// The shop.
    pub(super) shop: Credentials,
    pub(super) provider: Provider,
    /// The provider's id.
    pub(super) id: String,
    /// The shop's id.
    pub(super) order: String,
    /// Kopecks.
    pub(super) amount: i64,
    pub(super) description: String,
    pub(super) email: String,
    /// The fiscal receipt as it was sent.
    pub(super) receipt: String,
    pub(super) success_url: String,
    pub(super) fail_url: String,
    pub(super) state: State,
    pub(super) refunds: Vec<Refund>,
    pub(super) test: bool,
    /// Further fields of the order.
    pub(super) extra: Map<String, Value>,
    /// Notifications that wait to be sent by hand.
    pub(super) held_back: Vec<Notification>,
    /// Notifications of the last event.
    pub(super) last: Vec<Notification>,
    pub(super) sent: VecDeque<Delivery>,
}

impl Payment {
    pub(super) fn is_of(&self, provider: Provider, shop: &Credentials) -> bool {
        self.provider == provider && self.shop.shop == shop.shop
    }

    /// The refunded amount, in kopecks.
    pub(super) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub(super) fn extra(&self, name: &str) -> &str {
        self.extra.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The event of a notification.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Paid,
    Declined,
    Canceled,
    Refunded(Refund),
}

/// A notification to the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notification {
    /// A label for the page.
    pub(super) what: String,
    /// Suffix of the webhook URL; empty for most.
    pub(super) kind: &'static str,
    /// A URL other than the shop's usual one.
    pub(super) url: Option<String>,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// The body that acknowledges it, as shown on the page.
    pub(super) expected: Expected,
}

/// The acknowledgement that a provider expects, with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Anything,
    Exactly(String),
    /// JSON with `"code": 0`.
    CodeZero,
}

/// The result of a notification.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) what: String,
    /// Status and body of the shop's response, or the error.
    pub(super) answer: String,
    pub(super) accepted: bool,
}

struct Store {
    payments: VecDeque<Payment>,
    last_number: u64,
}

/// All payments.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) shops: Arc<[Credentials]>,
    store: Arc<Mutex<Store>>,
    client: reqwest::Client,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Desk {
    pub(super) fn new(shops: Arc<[Credentials]>, clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(NOTIFICATION_TIMEOUT);
        let store = Store { payments: VecDeque::new(), last_number: 0 };
        Self { shops, store: Arc::new(Mutex::new(store)), client: client.build().unwrap_or_default(), clock }
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Store) -> T) -> T {
        use_it(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The shop with this name.
    pub(super) fn shop(&self, meant: impl Fn(&Credentials) -> bool) -> Option<Credentials> {
        self.shops.iter().find(|shop| meant(shop)).cloned()
    }

    /// Creates a payment, unless `same` matches an existing one. The provider's id is derived from its number.
    pub(super) fn open(&self, same: impl Fn(&Payment) -> bool, make: impl FnOnce(u64) -> Payment) -> Payment {
        self.with(|store| {
            if let Some(known) = store.payments.iter().find(|payment| same(payment)) {
                return known.clone();
            }
            store.last_number += 1;
            let payment = make(store.last_number);
            store.payments.push_front(payment.clone());
            store.payments.truncate(CAPACITY);
            payment
        })
    }

    pub(super) fn find(&self, wanted: impl Fn(&Payment) -> bool) -> Option<Payment> {
        self.with(|store| store.payments.iter().find(|payment| wanted(payment)).cloned())
    }

    pub(super) fn all(&self) -> Vec<Payment> {
        self.with(|store| store.payments.iter().cloned().collect())
    }

    /// Changes a payment; returns the new state.
    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut Payment)) -> Option<Payment> {
        self.with(|store| {
            let payment = store.payments.iter_mut().find(|payment| payment.number == number)?;
            change(payment);
            Some(payment.clone())
        })
    }

    /// Whether the shop accepts the payment; only CloudPayments asks.
    pub(super) async fn is_allowed(&self, payment: &Payment) -> bool {
        match payment.provider {
            Provider::CloudPayments => {
                let check = cloudpayments::check(payment, self.now());
                self.deliver(payment, vec![check]).await
            }
            _ => true,
        }
    }

    /// The notifications of an event.
    pub(super) fn notices(&self, payment: &Payment, event: &Event) -> Vec<Notification> {
        match payment.provider {
            Provider::YooKassa => yookassa::notices(payment, event, self.now()),
            Provider::Robokassa => robokassa::notices(payment, event),
            Provider::CloudPayments => cloudpayments::notices(payment, event, self.now()),
            Provider::TBank => tbank::notices(payment, event),
        }
    }

    /// Sends notifications one after the other and stores the results. Returns whether all were acknowledged.
    pub(super) async fn deliver(&self, payment: &Payment, notices: Vec<Notification>) -> bool {
        let mut all = true;
        for notice in notices {
            let delivery = self.send(payment, &notice).await;
            all &= delivery.accepted;
            self.change(payment.number, |payment| {
                payment.sent.push_front(delivery);
                payment.sent.truncate(SHOWN);
            });
        }
        all
    }

    async fn send(&self, payment: &Payment, notice: &Notification) -> Delivery {
        let what = notice.what.clone();
        let failed = |answer: String| Delivery { what: what.clone(), answer, accepted: false };
        let usual = || {
            let webhook = payment.shop.webhook.get()?;
            let kind = if notice.kind.is_empty() { String::new() } else { format!("/{}", notice.kind) };
            Some(format!("{}/{}{kind}", webhook.trim_end_matches('/'), payment.provider.path()))
        };
        let Some(url) = notice.url.clone().or_else(usual) else {
            return failed("у магазина нет адреса для уведомлений".to_owned());
        };
        let mut request = self.client.post(url).header("content-type", notice.content_type);
        for (name, value) in &notice.headers {
            request = request.header(*name, value);
        }
        let answer = match request.body(notice.body.clone()).send().await {
            Ok(answer) => answer,
            Err(error) => return failed(error.without_url().to_string()),
        };
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap_or_default();
        let is_wanted = match &notice.expected {
            Expected::Anything => true,
            Expected::Exactly(text) => body == *text,
            Expected::CodeZero => serde_json::from_str::<Value>(&body)
                .is_ok_and(|body| body.get("code").and_then(Value::as_i64) == Some(0)),
        };
        let shown: String = body.chars().take(200).collect();
        Delivery { what, answer: format!("{status} {shown}"), accepted: status == 200 && is_wanted }
    }
}
