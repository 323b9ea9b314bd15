//! Notices: duplicates, disorder, lies. Whatever comes, money is credited once.

use domain::kernel::{AuthFailure, Dependency, Error};
use domain::payments::provider::WebhookRequest;
use domain::payments::{ProviderId, State, Status};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{GIFT, Mood, Shop, notice};

/// 500 roubles buy 5000 raits.
const PAID: i64 = GIFT + 5000;

/// The notice with other fields.
fn with(mut notice: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        notice[name] = value.clone();
    }
    notice
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_payment_is_credited_once_and_shown_in_the_statement() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.world.clock.advance(60);
    for _ in 0..3 {
        assert_eq!(shop.tell(&notice(payment.id, "paid")).await.unwrap(), "Accepted");
        shop.world.clock.advance(60);
    }
    assert_eq!(shop.balance().await, PAID);
    let paid = shop.look(payment.id).await;
    assert_eq!((paid.state, shop.status(payment.id).await), (State::Paid, Status::Completed));
    let after = paid.paid_at.unwrap().duration_since(payment.created_at);
    assert_eq!(after.as_secs(), 60, "a repeat does not move the time");
    let statement = shop.statement().await;
    assert_eq!(statement, [(5000, "Пополнение".to_owned()), (GIFT, "Приветственный бонус".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_the_same_notices_credits_once() {
    let shop = Shop::open().await;
    let events = ["authorized", "paid", "declined", "canceled"];
    let mut balance = GIFT;
    for first in events {
        for second in events {
            for third in events {
                let payment = shop.create().await;
                for event in [first, second, third, first, third] {
                    assert_eq!(shop.tell(&notice(payment.id, event)).await.unwrap(), "Accepted");
                }
                let is_paid = [first, second, third].contains(&"paid");
                balance += if is_paid { 5000 } else { 0 };
                assert_eq!(shop.balance().await, balance, "{first}, {second}, {third}");
                let completed = shop.status(payment.id).await == Status::Completed;
                assert_eq!(completed, is_paid, "{first}, {second}, {third}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_copies_of_a_notice_at_once_credit_once() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let notices = ["paid", "authorized", "paid", "canceled", "declined"].map(|event| notice(payment.id, event));
    // Conflicts that do not end are answered with an error, and the provider repeats the notice.
    let storm = |count: usize| join_all(notices.iter().cycle().take(count).map(|notice| shop.tell(notice)));
    let first = storm(200).await;
    assert!(first.iter().any(Result::is_ok), "{first:?}");
    for answer in &first {
        assert!(matches!(answer, Ok(_) | Err(Error::Conflict(_))), "{answer:?}");
    }
    for answer in storm(10).await {
        assert_eq!(answer.unwrap(), "Accepted");
    }
    assert_eq!((shop.balance().await, shop.status(payment.id).await), (PAID, Status::Completed));
    assert_eq!(shop.world.audit(shop.user.user).await.account.entries, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_payments_of_one_user_at_once_are_all_credited() {
    let shop = Shop::open().await;
    let payments = join_all((0..20).map(|_| Box::pin(shop.create()))).await;
    let mut left: Vec<_> = payments.iter().map(|payment| notice(payment.id, "paid")).collect();
    // What was not acknowledged is told again.
    for _ in 0..20 {
        let answers = join_all(left.iter().map(|notice| shop.tell(notice))).await;
        left = left.into_iter().zip(answers).filter(|(_, answer)| answer.is_err()).map(|(notice, _)| notice).collect();
    }
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(shop.balance().await, GIFT + 20 * 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_authorization_does_not_undo_a_payment() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.tell(&notice(payment.id, "authorized")).await.unwrap();
    assert_eq!(shop.look(payment.id).await.state, State::Authorized);
    assert_eq!(shop.balance().await, GIFT, "reserved money buys nothing");
    shop.world.clock.advance(7200);
    assert_eq!(shop.status(payment.id).await, Status::Pending, "reserved money does not expire");
    shop.tell(&notice(payment.id, "paid")).await.unwrap();
    shop.tell(&notice(payment.id, "authorized")).await.unwrap();
    assert_eq!((shop.look(payment.id).await.state, shop.balance().await), (State::Paid, PAID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_attempt_leaves_the_payment_open() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.tell(&notice(payment.id, "declined")).await.unwrap();
    assert_eq!(shop.status(payment.id).await, Status::Pending);
    let second = with(notice(payment.id, "paid"), &json!({ "provider_payment": "second-attempt" }));
    shop.tell(&second).await.unwrap();
    assert_eq!((shop.balance().await, shop.status(payment.id).await), (PAID, Status::Completed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_comes_after_the_end_is_credited() {
    let shop = Shop::open().await;
    let canceled = shop.create().await;
    shop.tell(&notice(canceled.id, "canceled")).await.unwrap();
    assert_eq!(shop.status(canceled.id).await, Status::Failed);
    let expired = shop.create().await;
    shop.world.clock.advance(26 * 3600);
    shop.payments().reconcile().await;
    assert_eq!(shop.look(expired.id).await.state, State::Expired);
    for payment in [canceled.id, expired.id] {
        shop.tell(&notice(payment, "paid")).await.unwrap();
        assert_eq!(shop.status(payment).await, Status::Completed);
    }
    assert_eq!(shop.balance().await, GIFT + 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_does_not_agree_credits_nothing_and_is_not_in_the_way_of_one_that_does() {
    let shop = Shop::open().await;
    let cases = [
        (json!({ "amount": 49_999 }), "WrongAmount"),
        (json!({ "amount": 50_001 }), "WrongAmount"),
        (json!({ "amount": 0 }), "WrongAmount"),
        (json!({ "amount": -50_000 }), "WrongAmount"),
        (json!({ "currency": "USD" }), "WrongAmount"),
        (json!({ "currency": "rub" }), "WrongAmount"),
        (json!({ "test": true }), "Refused"),
        (json!({ "number": 4_000_000 }), "UnknownPayment"),
    ];
    let mut balance = GIFT;
    for (wrong, verdict) in cases {
        let payment = shop.create().await;
        for event in ["authorized", "paid", "paid"] {
            let answer = shop.tell(&with(notice(payment.id, event), &wrong)).await.unwrap();
            assert_eq!(answer, verdict, "{event} {wrong}");
        }
        assert_eq!((shop.look(payment.id).await.state, shop.balance().await), (State::Open, balance), "{wrong}");
        shop.tell(&notice(payment.id, "paid")).await.unwrap();
        balance += 5000;
        assert_eq!(shop.balance().await, balance, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_about_another_providers_payment_credits_nothing() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let answer = shop.tell_as(ProviderId::YooKassa, "", &notice(payment.id, "paid")).await.unwrap();
    assert_eq!((answer.as_str(), shop.balance().await), ("UnknownPayment", GIFT));
    let unknown = notice(Uuid::from_u128(7).into(), "paid");
    assert_eq!(shop.tell(&unknown).await.unwrap(), "UnknownPayment");
    let nowhere = shop.tell_as(ProviderId::Robokassa, "", &unknown).await;
    assert!(matches!(nowhere, Err(Error::NotFound(_))), "{nowhere:?}");
    assert_eq!(shop.balance().await, GIFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_payment_of_the_provider_is_credited_to_one_payment_of_ours() {
    let shop = Shop::open().await;
    let (first, second) = (shop.create().await, shop.create().await);
    let same = json!({ "provider_payment": "same" });
    shop.tell(&with(notice(first.id, "paid"), &same)).await.unwrap();
    shop.tell(&with(notice(second.id, "paid"), &same)).await.unwrap();
    assert_eq!((shop.balance().await, shop.look(second.id).await.state), (PAID, State::Open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_paid_twice_is_credited_once() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    let again = with(notice(payment.id, "paid"), &json!({ "provider_payment": "another" }));
    assert_eq!(shop.tell(&again).await.unwrap(), "Accepted");
    assert_eq!(shop.balance().await, PAID);
    assert_eq!(shop.look(payment.id).await, payment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_proved_changes_nothing() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let body = notice(payment.id, "paid").to_string();
    for password in [None, Some(""), Some("believe m"), Some("Believe me")] {
        let header = |_: &str| password.map(str::to_owned);
        let raw = WebhookRequest {
            kind: "",
            query: "",
            content_type: "",
            header: &header,
            body: body.as_bytes(),
            source: None,
        };
        let answer = shop.payments().receive(ProviderId::TBank, raw).await;
        assert!(matches!(answer, Err(Error::Unauthenticated(AuthFailure::Signature))), "{answer:?}");
    }
    assert_eq!(shop.tell(&json!({ "event": "linkcard" })).await.unwrap(), "Accepted", "nothing that matters here");
    shop.bank.is_in(Mood::Silent);
    let unchecked = shop.tell(&notice(payment.id, "paid")).await;
    let wanted = matches!(unchecked, Err(Error::Unavailable { dependency: Dependency::PaymentProvider, .. }));
    assert!(wanted, "the provider repeats what is not acknowledged: {unchecked:?}");
    assert_eq!((shop.look(payment.id).await.state, shop.balance().await), (State::Open, GIFT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_without_changing_anything() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let before = shop.look(payment.id).await;
    let ask = async |fields: Value| {
        let question = with(notice(payment.id, "paid"), &fields);
        shop.tell_as(ProviderId::TBank, "check", &question).await.unwrap()
    };
    assert_eq!(ask(json!({})).await, "Accepted");
    assert_eq!(ask(json!({ "amount": 100 })).await, "WrongAmount");
    assert_eq!(ask(json!({ "test": true })).await, "Refused");
    assert_eq!(ask(json!({ "payment": Uuid::from_u128(7).to_string() })).await, "UnknownPayment");
    assert_eq!(shop.look(payment.id).await, before);
    shop.world.clock.advance(3600);
    assert_eq!(ask(json!({})).await, "Expired");
    shop.tell(&notice(payment.id, "paid")).await.unwrap();
    assert_eq!(ask(json!({})).await, "Refused", "it is paid already");
    assert_eq!(shop.balance().await, PAID);
}
