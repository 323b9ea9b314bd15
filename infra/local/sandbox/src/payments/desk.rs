//! Payments, their state, and the notices that the shop gets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Credentials, cloudpayments, robokassa, tbank, yookassa};

/// How many payments are kept; older ones are forgotten.
const CAPACITY: usize = 1000;
/// How many notices a payment's page shows.
const SHOWN: usize = 40;
/// How long a shop may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which company plays.
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

    /// What the shop calls it in the addresses of its webhooks.
    const fn path(self) -> &'static str {
        match self {
            Self::YooKassa => "yookassa",
            Self::Robokassa => "robokassa",
            Self::CloudPayments => "cloudpayments",
            Self::TBank => "tbank",
        }
    }
}

/// How far a payment has come.
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

/// Money that went back.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
}

/// A payment.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    /// Our number, part of the page's address.
    pub(super) number: u64,
    /// Whose money it is.
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
    /// What was sent for the fiscal receipt, as it was sent.
    pub(super) receipt: String,
    pub(super) success_url: String,
    pub(super) fail_url: String,
    pub(super) state: State,
    pub(super) refunds: Vec<Refund>,
    pub(super) test: bool,
    /// What else the provider remembers of the order.
    pub(super) extra: Map<String, Value>,
    /// Notices that wait for a person to send them.
    pub(super) held_back: Vec<Notice>,
    /// The notices of the last event.
    pub(super) last: Vec<Notice>,
    pub(super) sent: VecDeque<Delivery>,
}

impl Payment {
    pub(super) fn is_of(&self, provider: Provider, shop: &Credentials) -> bool {
        self.provider == provider && self.shop.shop == shop.shop
    }

    /// What went back so far, in kopecks.
    pub(super) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub(super) fn extra(&self, name: &str) -> &str {
        self.extra.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What a person made happen.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Paid,
    Declined,
    Canceled,
    Refunded(Refund),
}

/// A call to the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    /// For people: what it tells.
    pub(super) what: String,
    /// What follows the provider's address at the shop; empty for most.
    pub(super) kind: &'static str,
    /// Where else than the shop's usual address.
    pub(super) url: Option<String>,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// The body that the shop should answer with; for people where it is a rule rather than a text.
    pub(super) expected: Expected,
}

/// The answer that a provider wants, with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Anything,
    Exactly(String),
    /// JSON with `"code": 0`.
    CodeZero,
}

/// What became of a notice.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) what: String,
    /// Status and body of the shop's answer, or why there is none.
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
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(PATIENCE);
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

    /// The shop that is `meant`.
    pub(super) fn shop(&self, meant: impl Fn(&Credentials) -> bool) -> Option<Credentials> {
        self.shops.iter().find(|shop| meant(shop)).cloned()
    }

    /// Opens a payment, unless `same` knows it already. Its provider's id is made of its number.
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

    /// Changes a payment; the payment as it is now.
    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut Payment)) -> Option<Payment> {
        self.with(|store| {
            let payment = store.payments.iter_mut().find(|payment| payment.number == number)?;
            change(payment);
            Some(payment.clone())
        })
    }

    /// Whether the payment may be paid, as the shop says; only CloudPayments asks.
    pub(super) async fn is_allowed(&self, payment: &Payment) -> bool {
        match payment.provider {
            Provider::CloudPayments => {
                let check = cloudpayments::check(payment, self.now());
                self.deliver(payment, vec![check]).await
            }
            _ => true,
        }
    }

    /// What the shop is told of an event.
    pub(super) fn notices(&self, payment: &Payment, event: &Event) -> Vec<Notice> {
        match payment.provider {
            Provider::YooKassa => yookassa::notices(payment, event, self.now()),
            Provider::Robokassa => robokassa::notices(payment, event),
            Provider::CloudPayments => cloudpayments::notices(payment, event, self.now()),
            Provider::TBank => tbank::notices(payment, event),
        }
    }

    /// Sends notices one after the other and remembers what the shop said. Whether it took all of them.
    pub(super) async fn deliver(&self, payment: &Payment, notices: Vec<Notice>) -> bool {
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

    async fn send(&self, payment: &Payment, notice: &Notice) -> Delivery {
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
