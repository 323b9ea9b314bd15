//! Beginning payments.

use domain::easy_writer::MAX_ROUBLES;
use domain::kernel::{Amount, Error, Resource, Rule};
use domain::payments::{ProviderId, State, Status};
use futures_util::future::join_all;

use super::{Mood, Shop, assert_unavailable, notice};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_is_told_what_is_paid_for_and_where_to_send_the_payer() {
    let shop = Shop::open().await;
    let checkout = shop.begin(ProviderId::TBank, 500, None).await.unwrap();
    let payment = &checkout.payment;
    assert_eq!(checkout.url, format!("https://pay.example/tbank/{}", payment.id));
    assert_eq!((payment.amount, payment.credit), (Amount::new(50_000), Amount::new(5000)));
    assert_eq!(payment.state, State::Open);
    assert_eq!(payment.expires_at.duration_since(payment.created_at).as_secs(), 3600);
    assert_eq!(shop.look(payment.id).await, *payment, "what is answered is what is stored");
    let [order] = &shop.bank.orders()[..] else { panic!("one order") };
    assert_eq!((order.payment, order.number, order.amount), (payment.id, 1, payment.amount));
    assert_eq!(order.description, "Easy Writer: 5000 Райтов");
    assert_eq!(order.email.as_deref(), Some("user@example.com"));
    assert_eq!(order.return_url, format!("https://easy-writer.example/paid?payment={}", payment.id));
    assert_eq!((order.created_at, order.expires_at), (payment.created_at, payment.expires_at));
    assert_eq!(shop.balance().await, 100, "nothing is paid yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_payments_have_the_same_number() {
    let shop = Shop::open().await;
    let made = join_all((0..20).map(|_| Box::pin(shop.create()))).await;
    let mut numbers: Vec<_> = made.iter().map(|payment| payment.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amounts_and_providers_that_will_not_do_reach_nobody() {
    let shop = Shop::open().await;
    for roubles in [-1, 0, 99, MAX_ROUBLES + 1] {
        let refused = shop.begin(ProviderId::TBank, roubles, None).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{roubles}: {refused:?}");
    }
    let refused = shop.begin(ProviderId::Robokassa, 500, None).await;
    assert!(matches!(&refused, Err(Error::Invalid(wrong)) if wrong[0].field == "provider"), "{refused:?}");
    assert!(shop.bank.orders().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_makes_one_payment() {
    let shop = Shop::open().await;
    let first = shop.begin(ProviderId::TBank, 500, Some("key")).await.unwrap();
    assert_eq!(shop.begin(ProviderId::TBank, 500, Some("key")).await.unwrap(), first);
    assert_eq!(shop.bank.orders().len(), 1, "the provider is not asked again");
    for (provider, roubles) in [(ProviderId::TBank, 501), (ProviderId::YooKassa, 500)] {
        let reused = shop.begin(provider, roubles, Some("key")).await;
        assert!(matches!(reused, Err(Error::Conflict(Rule::IdempotencyKeyReused))), "{reused:?}");
    }
    let other = shop.world.register("other@example.com").await;
    let others = super::begin(&shop.deposits, &other, ProviderId::TBank, 500, Some("key")).await.unwrap();
    assert_ne!(others.payment.id, first.payment.id, "keys of different users have nothing to do with each other");
    shop.world.clock.advance(24 * 3600 + 1);
    let next_day = shop.begin(ProviderId::TBank, 500, Some("key")).await.unwrap();
    assert_ne!(next_day.payment.id, first.payment.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_many_times_at_once_makes_one_payment() {
    let shop = Shop::open().await;
    let made = join_all((0..20).map(|_| Box::pin(shop.begin(ProviderId::TBank, 500, Some("key"))))).await;
    let made: Vec<_> = made.into_iter().map(|checkout| checkout.unwrap()).collect();
    assert!(made.iter().all(|checkout| checkout.url == made[0].url && checkout.payment.id == made[0].payment.id));
    assert!(shop.bank.orders().iter().all(|order| order.payment == made[0].payment.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_payment_has_failed_for_good() {
    let shop = Shop::open().await;
    shop.bank.is_in(Mood::Refusing);
    for _ in 0..2 {
        let refused = shop.begin(ProviderId::TBank, 500, Some("key")).await;
        assert!(matches!(refused, Err(Error::Failed { resource: Resource::PAYMENT, .. })), "{refused:?}");
    }
    let [order] = &shop.bank.orders()[..] else { panic!("the repeat asks nobody") };
    assert_eq!(shop.status(order.payment).await, Status::Failed);
    shop.world.clock.advance(3600);
    shop.payments().reconcile().await;
    assert_eq!(shop.bank.questions(), 0, "there is nothing to ask about");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_asks_a_provider_that_did_not_answer_for_the_same_payment() {
    let shop = Shop::open().await;
    for mood in [Mood::Silent, Mood::Broken] {
        shop.bank.is_in(mood);
        assert_unavailable(&shop.begin(ProviderId::TBank, 500, Some("key")).await);
    }
    shop.bank.is_in(Mood::Working);
    let checkout = shop.begin(ProviderId::TBank, 500, Some("key")).await.unwrap();
    let orders = shop.bank.orders();
    assert_eq!(orders.len(), 3);
    assert!(orders.iter().all(|order| *order == orders[0]), "the same order each time: {orders:?}");
    assert_eq!(checkout.payment.id, orders[0].payment);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_after_the_end_of_its_payment_does_not_open_it() {
    let shop = Shop::open().await;
    shop.bank.is_in(Mood::Silent);
    assert_unavailable(&shop.begin(ProviderId::TBank, 500, Some("key")).await);
    shop.bank.is_in(Mood::Working);
    shop.world.clock.advance(3600);
    let late = shop.begin(ProviderId::TBank, 500, Some("key")).await;
    assert!(matches!(late, Err(Error::Failed { .. })), "{late:?}");
    assert_eq!(shop.bank.orders().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_comes_for_a_payment_that_the_provider_never_confirmed_is_credited() {
    let shop = Shop::open().await;
    shop.bank.is_in(Mood::Silent);
    assert_unavailable(&shop.begin(ProviderId::TBank, 500, None).await);
    shop.bank.is_in(Mood::Working);
    let payment = shop.bank.orders()[0].payment;
    assert_eq!(shop.tell(&notice(payment, "paid")).await.unwrap(), "Accepted");
    assert_eq!((shop.balance().await, shop.status(payment).await), (5100, Status::Completed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_payment_does_not_exist() {
    let shop = Shop::open().await;
    let payment = shop.create().await;
    let other = shop.world.register("other@example.com").await;
    let found = shop.payments().get(other.user, payment.id).await;
    assert!(matches!(found, Err(Error::NotFound(Resource::PAYMENT))), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_knows_the_order_already_does_not_close_a_payment_that_can_be_paid() {
    let shop = Shop::open().await;
    shop.bank.takes_an_order_once();
    let made = join_all((0..6).map(|_| Box::pin(shop.begin(ProviderId::TBank, 500, Some("key"))))).await;
    let checkout = made.into_iter().find_map(Result::ok).expect("the first one is taken");
    assert_eq!(shop.status(checkout.payment.id).await, Status::Pending);
    let again = shop.begin(ProviderId::TBank, 500, Some("key")).await.unwrap();
    assert_eq!((again.payment.id, again.url), (checkout.payment.id, checkout.url));
    shop.bank.learns(vec![super::report(checkout.payment.id, "paid")]);
    shop.world.clock.advance(300);
    assert_eq!(shop.payments().reconcile().await.settled, 1, "it is asked about");
}
