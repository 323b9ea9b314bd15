//! Payments whose notices never came.

use domain::kernel::Clock as _;
use domain::payments::{ProviderId, Reconciled, State, Status};
use futures_util::future::join_all;

use super::{GIFT, Mood, Shop, notice, report};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_whose_notice_never_came_is_found() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.bank.learns(vec![report(payment.id, "authorized"), report(payment.id, "paid")]);
    shop.world.clock.advance(299);
    assert_eq!(shop.payments().reconcile().await, Reconciled::default(), "its notice may still come");
    shop.world.clock.advance(1);
    let found = shop.payments().reconcile().await;
    assert_eq!(found, Reconciled { asked: 1, settled: 1, ..Reconciled::default() });
    assert_eq!((shop.balance().await, shop.status(payment.id).await), (GIFT + 5000, Status::Completed));
    shop.world.clock.advance(3600);
    assert_eq!(shop.payments().reconcile().await, Reconciled::default(), "it is done with");
    shop.tell(&notice(payment.id, "paid")).await.unwrap();
    assert_eq!(shop.balance().await, GIFT + 5000, "a late notice is harmless");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_was_told_of_is_not_asked_about() {
    let shop = Shop::open().await;
    shop.pay().await;
    let canceled = shop.create().await;
    shop.tell(&notice(canceled.id, "canceled")).await.unwrap();
    shop.world.clock.advance(3600);
    assert_eq!(shop.payments().reconcile().await, Reconciled::default());
    assert_eq!(shop.bank.questions(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_become_rarer_until_the_payment_is_given_up() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let mut asked_at = Vec::new();
    for minute in (5..=27 * 60).step_by(5) {
        shop.world.clock.advance(300);
        if shop.payments().reconcile().await.asked > 0 {
            asked_at.push(minute);
        }
    }
    assert_eq!(asked_at, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1360]);
    assert_eq!(shop.look(payment.id).await.state, State::Open, "a day after its end has not passed at any question");
    shop.world.clock.advance(6 * 3600);
    let last = shop.payments().reconcile().await;
    assert_eq!(last, Reconciled { asked: 1, expired: 1, ..Reconciled::default() });
    assert_eq!(shop.look(payment.id).await.state, State::Expired);
    shop.world.clock.advance(24 * 3600);
    assert_eq!(shop.payments().reconcile().await, Reconciled::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_not_given_up_while_its_provider_is_silent() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.bank.is_in(Mood::Silent);
    shop.world.clock.advance(48 * 3600);
    let silent = shop.payments().reconcile().await;
    assert_eq!(silent, Reconciled { asked: 1, problems: 1, ..Reconciled::default() });
    assert_eq!(shop.look(payment.id).await.state, State::Open);
    shop.bank.is_in(Mood::Working);
    shop.bank.learns(vec![report(payment.id, "paid")]);
    shop.world.clock.advance(6 * 3600);
    assert_eq!(shop.payments().reconcile().await.settled, 1);
    assert_eq!(shop.balance().await, GIFT + 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_is_reserved_is_waited_for() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.tell(&notice(payment.id, "authorized")).await.unwrap();
    shop.world.clock.advance(7 * 24 * 3600);
    assert_eq!(shop.payments().reconcile().await.expired, 0);
    assert_eq!(shop.look(payment.id).await.state, State::Authorized);
    shop.world.clock.advance(2 * 24 * 3600);
    assert_eq!(shop.payments().reconcile().await.expired, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failing_provider_does_not_keep_the_others_from_being_asked() {
    let shop = Shop::open().await;
    for _ in 0..5 {
        shop.create().await;
    }
    let elsewhere = shop.begin(ProviderId::YooKassa, 500, None).await.unwrap().payment;
    shop.other_bank.learns(vec![report(elsewhere.id, "paid")]);
    shop.bank.is_in(Mood::Broken);
    shop.world.clock.advance(300);
    let done = shop.payments().reconcile().await;
    assert_eq!(done, Reconciled { asked: 4, settled: 1, expired: 0, left: 2, problems: 3 });
    assert_eq!(shop.bank.questions(), 3, "after three failures it is left alone");
    assert_eq!(shop.balance().await, GIFT + 5000);
    shop.bank.is_in(Mood::Working);
    let rest = shop.payments().reconcile().await;
    assert_eq!(rest, Reconciled { asked: 2, ..Reconciled::default() }, "the others have waited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_says_when_asked_is_compared_too() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let other = shop.create().await;
    let mut wrong = report(payment.id, "paid");
    wrong.currency = "USD".to_owned();
    shop.bank.learns(vec![wrong, report(other.id, "paid")]);
    shop.world.clock.advance(300);
    assert_eq!(shop.payments().reconcile().await.settled, 0);
    assert_eq!((shop.look(payment.id).await.state, shop.look(other.id).await.state), (State::Open, State::Open));
    assert_eq!(shop.balance().await, GIFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reconciliations_at_once_ask_about_each_payment_once() {
    let shop = Shop::open().await;
    for _ in 0..6 {
        let payment = shop.create().await;
        shop.bank.learns(vec![report(payment.id, "paid")]);
    }
    shop.world.clock.advance(300);
    let all = join_all((0..4).map(|_| Box::pin(shop.payments().reconcile()))).await;
    assert_eq!(all.iter().map(|done| (done.asked, done.problems)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), (6, 0));
    assert_eq!(shop.bank.questions(), 6);
    assert_eq!(shop.balance().await, GIFT + 6 * 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_tells_the_provider_all_that_is_known() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    shop.tell(&notice(payment.id, "authorized")).await.unwrap();
    shop.world.clock.advance(300);
    shop.payments().reconcile().await;
    let asked = shop.bank.questions.lock().unwrap()[0].clone();
    assert_eq!((asked.payment, asked.number, asked.amount.units()), (payment.id, payment.number, 50_000));
    assert_eq!(asked.provider_payment, Some(format!("at-provider-{}", payment.id)));
    assert_eq!(shop.world.clock.now().duration_since(payment.created_at).as_secs(), 300);
}
