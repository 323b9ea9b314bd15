//! Faults at every call to AWS: a payment is credited once, and a refund taken once, whatever the moment.

use domain::kernel::Error;
use domain::payments::{ProviderId, Status};
use serde_json::Value;

use super::{GIFT, Mood, Shop, notice, refund, report};
use crate::world::Action;

/// Tells until the provider is content, as providers do.
async fn insist(shop: &Shop, notice: &Value) {
    shop.world.faults.clear();
    for _ in 0..3 {
        if shop.tell(notice).await.is_ok() {
            return;
        }
    }
    panic!("{notice} is never acknowledged");
}

async fn kill_settlement_at_every_call(action: Action) {
    let shop = Shop::open().await;
    let mut balance = GIFT;
    for call in 0.. {
        let payment = shop.create().await;
        let paid = notice(payment.id, "paid");
        shop.world.faults.plan("", call, 1, action);
        let ended = shop.world.faults.until_death(shop.tell(&paid)).await;
        insist(&shop, &paid).await;
        balance += 5000;
        assert_eq!(shop.balance().await, balance, "payment, call {call}");
        assert_eq!(shop.status(payment.id).await, Status::Completed, "call {call}");

        let back = refund(payment.id, "r1", 20_000);
        shop.world.faults.plan("", call, 1, action);
        let refund_ended = shop.world.faults.until_death(shop.tell(&back)).await;
        insist(&shop, &back).await;
        balance -= 2000;
        assert_eq!(shop.balance().await, balance, "refund, call {call}");
        shop.world.audit(shop.user.user).await;
        if ended && refund_ended {
            assert!(call >= 2, "a settlement reads and writes");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_killed_before_any_call_loses_and_doubles_nothing() {
    kill_settlement_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_killed_after_any_call_loses_and_doubles_nothing() {
    kill_settlement_at_every_call(Action::DieAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_any_call_changes_nothing() {
    let shop = Shop::open().await;
    for call in 0..4 {
        let before = shop.balance().await;
        shop.world.faults.plan("", call, 1, Action::LoseAnswer);
        let checkout = shop.begin(ProviderId::TBank, 500, (call % 2 == 0).then_some("key")).await.unwrap();
        shop.world.faults.clear();
        let payment = checkout.payment.id;
        for told in [notice(payment, "paid"), refund(payment, "r1", 20_000)] {
            shop.world.faults.plan("", call, 1, Action::LoseAnswer);
            assert_eq!(shop.tell(&told).await.unwrap(), "Accepted", "call {call}");
            shop.world.faults.clear();
        }
        let gained = if call == 2 { 0 } else { 3000 };
        assert_eq!(shop.balance().await - before, gained, "call {call}; the key's repeat is the same payment");
    }
    shop.world.audit(shop.user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_throttles_has_the_provider_repeat_its_notice() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let paid = notice(payment.id, "paid");
    shop.world.faults.plan("GetItem", 0, usize::MAX, Action::Throttle);
    let answer = shop.tell(&paid).await;
    assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
    shop.world.faults.clear();
    shop.world.faults.plan("TransactWriteItems", 0, usize::MAX, Action::Conflict);
    let answer = shop.tell(&paid).await;
    assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
    insist(&shop, &paid).await;
    assert_eq!(shop.balance().await, GIFT + 5000);
}

async fn kill_creation_at_every_call(action: Action) {
    let shop = Shop::open().await;
    for call in 0.. {
        let key = format!("key-{call}");
        let orders = shop.bank.orders().len();
        shop.world.faults.plan("", call, 1, action);
        let ended = shop.world.faults.until_death(shop.begin(ProviderId::TBank, 500, Some(&key))).await;
        shop.world.faults.clear();
        let checkout = shop.begin(ProviderId::TBank, 500, Some(&key)).await.unwrap();
        let made = &shop.bank.orders()[orders..];
        assert!(
            made.iter().all(|order| order.payment == checkout.payment.id),
            "call {call}: two payments for one request"
        );
        assert_eq!(shop.begin(ProviderId::TBank, 500, Some(&key)).await.unwrap(), checkout, "call {call}");
        assert_eq!(shop.look(checkout.payment.id).await.url.as_ref(), Some(&checkout.url));
        if ended {
            assert!(call >= 3, "a creation numbers, writes and remembers");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_killed_before_any_call_is_finished_by_its_repeat() {
    kill_creation_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_killed_after_any_call_is_finished_by_its_repeat() {
    kill_creation_at_every_call(Action::DieAfter).await;
}

async fn kill_reconciliation_at_every_call(action: Action) {
    let shop = Shop::open().await;
    let mut balance = GIFT;
    for call in 0.. {
        let payment = shop.create().await;
        shop.bank.learns(vec![report(payment.id, "paid")]);
        shop.world.clock.advance(300);
        shop.world.faults.plan("", call, 1, action);
        let ended = shop.world.faults.until_death(shop.payments().reconcile()).await;
        shop.world.faults.clear();
        shop.world.clock.advance(300);
        assert_eq!(shop.payments().reconcile().await.problems, 0);
        balance += 5000;
        assert_eq!(shop.balance().await, balance, "call {call}");
        if ended {
            assert!(call > 5, "a reconciliation made only {call} calls");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconciliation_killed_before_any_call_is_finished_by_the_next() {
    kill_reconciliation_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconciliation_killed_after_any_call_is_finished_by_the_next() {
    kill_reconciliation_at_every_call(Action::DieAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_cannot_be_read_does_not_keep_the_rest_from_being_asked_about() {
    let shop = Shop::open().await;
    let payments = [shop.create().await, shop.create().await, shop.create().await, shop.create().await];
    for payment in &payments {
        shop.bank.learns(vec![report(payment.id, "paid")]);
    }
    shop.world.clock.advance(300);
    // The SDK tries a call four times.
    shop.world.faults.plan("Query", 0, 4, Action::Throttle);
    let done = shop.payments().reconcile().await;
    assert_eq!((done.problems, done.settled), (1, 3), "{done:?}");
    assert_eq!(shop.payments().reconcile().await.settled, 1);
    assert_eq!(shop.balance().await, GIFT + 4 * 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_hangs_up_during_creation_leaves_a_payment_that_is_asked_about() {
    let shop = Shop::open().await;
    shop.bank.is_in(Mood::Broken);
    shop.begin(ProviderId::TBank, 500, None).await.unwrap_err();
    shop.bank.is_in(Mood::Working);
    let payment = shop.bank.orders()[0].payment;
    shop.bank.learns(vec![report(payment, "paid")]);
    shop.world.clock.advance(300);
    assert_eq!(shop.payments().reconcile().await.settled, 1);
    assert_eq!(shop.balance().await, GIFT + 5000);
}
