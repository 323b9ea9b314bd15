//! Money that goes back.

use domain::payments::Status;
use futures_util::future::join_all;
use serde_json::json;

use super::{GIFT, Shop, notice, refund};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_takes_its_share_of_the_raits_back_once() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    for _ in 0..3 {
        assert_eq!(shop.tell(&refund(payment.id, "r1", 20_000)).await.unwrap(), "Accepted");
    }
    assert_eq!(shop.balance().await, GIFT + 3000);
    shop.tell(&refund(payment.id, "r2", 30_000)).await.unwrap();
    assert_eq!(shop.balance().await, GIFT);
    let refunded = shop.look(payment.id).await;
    assert_eq!((refunded.refunded.units(), refunded.debited.units(), refunded.debt.units()), (50_000, 5000, 0));
    assert_eq!(shop.status(payment.id).await, Status::Completed, "it was paid");
    let titles = ["Возврат платежа", "Возврат платежа", "Пополнение", "Приветственный бонус"];
    let amounts = [-3000, -2000, 5000, GIFT];
    let statement: Vec<_> = amounts.into_iter().zip(titles.map(str::to_owned)).collect();
    assert_eq!(shop.statement().await, statement);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_of_odd_kopecks_is_rounded_in_the_payers_favour() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    for (index, (kopecks, taken)) in [(9, 0), (1, 1), (19, 2), (49_971, 5000)].into_iter().enumerate() {
        shop.tell(&refund(payment.id, &format!("r{index}"), kopecks)).await.unwrap();
        assert_eq!(shop.balance().await, GIFT + 5000 - taken, "after {kopecks} more");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_spent_already_is_a_debt_and_the_balance_never_negative() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    shop.spend(4600).await;
    shop.tell(&refund(payment.id, "r1", 40_000)).await.unwrap();
    assert_eq!(shop.balance().await, 0);
    let after = shop.look(payment.id).await;
    assert_eq!((after.debited.units(), after.debt.units()), (500, 3500));
    shop.tell(&refund(payment.id, "r1", 40_000)).await.unwrap();
    shop.tell(&refund(payment.id, "r2", 10_000)).await.unwrap();
    let after = shop.look(payment.id).await;
    assert_eq!((after.refunded.units(), after.debited.units(), after.debt.units()), (50_000, 500, 4500));
    assert_eq!(shop.balance().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_was_paid_is_never_taken_back() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    assert_eq!(shop.tell(&refund(payment.id, "r1", 50_001)).await.unwrap(), "WrongAmount");
    assert_eq!(shop.tell(&refund(payment.id, "r2", -1)).await.unwrap(), "WrongAmount");
    let mut dollars = refund(payment.id, "r3", 50_000);
    dollars["currency"] = json!("USD");
    assert_eq!(shop.tell(&dollars).await.unwrap(), "WrongAmount");
    assert_eq!(shop.balance().await, GIFT + 5000);
    shop.tell(&refund(payment.id, "r4", 50_000)).await.unwrap();
    assert_eq!(shop.tell(&refund(payment.id, "r5", 1)).await.unwrap(), "WrongAmount");
    assert_eq!(shop.balance().await, GIFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_that_overtake_each_other_take_the_largest_back() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    for (total, left) in [(30_000, 2000), (10_000, 2000), (30_000, 2000), (50_000, 0), (20_000, 0)] {
        let mut refunded = notice(payment.id, "refunded");
        refunded["amount"] = json!(total);
        shop.tell(&refunded).await.unwrap();
        assert_eq!(shop.balance().await, GIFT + left, "after {total} in all");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_comes_before_its_payment_is_not_forgotten() {
    let shop = Shop::open().await;
    for (kopecks, left) in [(20_000, 3000), (50_000, 0)] {
        let before = shop.balance().await;
        let payment = shop.create().await;
        for _ in 0..2 {
            shop.tell(&refund(payment.id, "r1", kopecks)).await.unwrap();
        }
        assert_eq!(shop.balance().await, before);
        for _ in 0..2 {
            shop.tell(&notice(payment.id, "paid")).await.unwrap();
            shop.tell(&refund(payment.id, "r1", kopecks)).await.unwrap();
        }
        assert_eq!(shop.balance().await, before + left);
        assert_eq!(shop.status(payment.id).await, Status::Completed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_refund_of_a_second_payment_for_one_order_takes_nothing() {
    let shop = Shop::open().await;
    let payment = shop.pay().await;
    for mut told in [notice(payment.id, "paid"), refund(payment.id, "r1", 50_000)] {
        told["provider_payment"] = json!("the second");
        shop.tell(&told).await.unwrap();
    }
    assert_eq!(shop.balance().await, GIFT + 5000);
    shop.tell(&refund(payment.id, "r2", 50_000)).await.unwrap();
    assert_eq!(shop.balance().await, GIFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refunds_and_payments_in_one_storm_come_out_right() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let notices = [
        notice(payment.id, "paid"),
        refund(payment.id, "r1", 10_000),
        notice(payment.id, "authorized"),
        refund(payment.id, "r2", 5000),
    ];
    let storm = |count: usize| join_all(notices.iter().cycle().take(count).map(|notice| shop.tell(notice)));
    storm(200).await;
    for answer in storm(8).await {
        assert_eq!(answer.unwrap(), "Accepted", "what was refused in the storm is told again");
    }
    assert_eq!(shop.balance().await, GIFT + 3500);
    let after = shop.look(payment.id).await;
    assert_eq!((after.refunded.units(), after.debited.units(), after.debt.units()), (15_000, 1500, 0));
}
