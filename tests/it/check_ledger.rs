//! The check of all accounts finds what was tampered with, and nothing else.

use std::time::Duration;

use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Amount, Clock as _, UserId};
use domain::ledger::{Account, AccountId, Check, Difference, Finding, Ledger, Posting, Report};
use store::{Key, Update};
use uuid::Uuid;

use crate::world::{World, events};

fn account(number: u128) -> AccountId {
    UserId::from(Uuid::from_u128(number)).into()
}

fn posting(id: u128, amount: i64) -> Posting {
    Posting { operation: Uuid::from_u128(id), amount: Amount::new(amount), description: "операция".to_owned() }
}

/// A world in which `accounts` people have 100 each, spent 10 and hold 20, and something that is no account's is in between.
async fn books(accounts: u128) -> (World, Ledger) {
    let world = World::start().await;
    world.cook_the_books();
    let ledger = Ledger::new(world.table.clone());
    let now = world.clock.now();
    for number in 0..accounts {
        let account = account(number);
        ledger.credit(account, &posting(1, 100), now).await.expect("credit");
        ledger.debit(account, &posting(2, 10), now).await.expect("debit");
        ledger.hold(account, &posting(3, 20), now).await.expect("hold");
        ledger.hold(account, &posting(4, 30), now).await.expect("hold");
        ledger.release(account, Uuid::from_u128(4), Amount::new(30)).await.expect("release");
        write(&world, &format!("ACCOUNTS#{number}"), "BALANCE", "available", 7).await;
    }
    (world, ledger)
}

/// Adds to a number of an item, past the ledger.
async fn write(world: &World, pk: &str, sk: &str, attribute: &'static str, change: i64) {
    let update = Update::new(Key::new(pk, sk)).add(attribute, change);
    let _: serde_json::Value = world.table.update(update).await.expect("write");
}

async fn tamper(world: &World, number: u128, sk: &str, attribute: &'static str, change: i64) {
    write(world, &format!("ACCOUNT#{}", account(number)), sk, attribute, change).await;
}

async fn check(world: &World, ledger: &Ledger) -> Report {
    // Small pages, so that there are many: no account fits into one.
    let check = Check { page: Some(3), ..Check::default() };
    ledger.check_all(&check, world.clock.now()).await.expect("check")
}

fn balance(available: i64, held: i64, entries: u64) -> Account {
    Account { available: Amount::new(available), held: Amount::new(held), entries, credit: Amount::ZERO }
}

fn entry(id: u128) -> String {
    format!("ENTRY#{}", Uuid::from_u128(id))
}

#[tokio::test]
async fn books_that_nobody_touched_balance() {
    let (world, ledger) = books(5).await;
    let expected = Report {
        accounts: 5,
        entries: 20,
        available: Amount::new(350),
        held: Amount::new(100),
        differences: Vec::new(),
    };
    assert_eq!(check(&world, &ledger).await, expected);
}

#[tokio::test]
async fn an_empty_table_has_nothing_to_complain_of() {
    let world = World::start().await;
    world.cook_the_books();
    let report = check(&world, &Ledger::new(world.table.clone())).await;
    assert_eq!(report, Report::default());
    assert!(report.is_clean());
}

#[tokio::test]
async fn each_kind_of_difference_is_found_where_it_is() {
    let (world, ledger) = books(6).await;
    // A balance that somebody raised, an entry that somebody changed, an entry that somebody removed, a balance that is gone.
    tamper(&world, 1, "BALANCE", "available", 1).await;
    tamper(&world, 2, &entry(2), "amount", -5).await;
    let key = |sk: &str, number| Key::new(format!("ACCOUNT#{}", account(number)), sk);
    world.table.delete(store::Delete::new(key(&entry(3), 3))).await.expect("delete");
    world.table.delete(store::Delete::new(key("BALANCE", 4))).await.expect("delete");

    let report = check(&world, &ledger).await;
    let unbalanced = |number, stored, computed| Difference {
        account: account(number),
        finding: Finding::Unbalanced { stored, computed },
    };
    let right = balance(70, 20, 2);
    let expected = [
        unbalanced(1, balance(71, 20, 2), right),
        unbalanced(2, right, balance(65, 20, 2)),
        unbalanced(3, right, balance(90, 0, 2)),
        unbalanced(4, Account::default(), right),
    ];
    assert_eq!(report.differences, expected);
    assert_eq!((report.accounts, report.entries), (6, 23));
}

#[tokio::test]
async fn a_negative_balance_is_told_even_if_its_entries_add_up() {
    let (world, ledger) = books(2).await;
    tamper(&world, 1, "BALANCE", "available", -200).await;
    tamper(&world, 1, &entry(2), "amount", -200).await;
    let stored = balance(-130, 20, 2);
    let expected = [Difference { account: account(1), finding: Finding::Negative { stored } }];
    assert_eq!(check(&world, &ledger).await.differences, expected);
}

#[tokio::test]
async fn a_hold_that_nobody_settled_is_told_once_it_is_older_than_the_limit() {
    let (world, ledger) = books(2).await;
    let since = world.clock.now();
    ledger.capture(account(0), Uuid::from_u128(3), Amount::new(20), Amount::new(20)).await.expect("capture");
    world.clock.advance(7200);
    assert!(check(&world, &ledger).await.is_clean(), "two hours are not too old yet");
    world.clock.advance(1);
    let finding = Finding::StaleHold { operation: Uuid::from_u128(3), held: Amount::new(20), since };
    let expected = [Difference { account: account(1), finding }];
    assert_eq!(check(&world, &ledger).await.differences, expected);
    let patient = Check { hold_limit: Duration::from_hours(3), ..Check::default() };
    assert!(ledger.check_all(&patient, world.clock.now()).await.expect("check").is_clean());
}

#[tokio::test]
async fn an_item_that_nobody_can_read_is_named() {
    let (world, ledger) = books(1).await;
    tamper(&world, 0, "ENTRY#broken", "amount", 1).await;
    let error = ledger.check_all(&Check::default(), world.clock.now()).await.expect_err("not readable");
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let text: Vec<_> = causes.map(ToString::to_string).collect();
    assert!(text.join(": ").contains(&format!("ACCOUNT#{} ENTRY#broken", account(0))), "{text:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_are_in_use_are_not_mistaken_for_wrong_ones() {
    let (world, ledger) = books(3).await;
    let now = world.clock.now();
    let work = (100..160_u128).map(|id| {
        let ledger = ledger.clone();
        async move {
            ledger.hold(account(id % 3), &posting(id, 1), now).await.expect("hold");
            ledger
                .capture(account(id % 3), Uuid::from_u128(id), Amount::new(1), Amount::new(1))
                .await
                .expect("capture");
        }
    });
    let watch = async {
        let mut reports = Vec::new();
        for _ in 0..6 {
            reports.push(check(&world, &ledger).await);
        }
        reports
    };
    let (_, reports) = tokio::join!(futures_util::future::join_all(work), watch);
    for report in reports {
        let wrong = report.differences.iter().find(|difference| difference.finding != Finding::Unsettled);
        assert_eq!(wrong, None);
    }
    assert!(check(&world, &ledger).await.is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_night_the_books_are_counted_for_the_alarm() {
    let (world, _) = books(3).await;
    let night = async || {
        let (answer, notes) = telemetry::collected(world.invoke("easy-writer-ledger-cron", &events::schedule())).await;
        assert_eq!(answer.unwrap(), serde_json::Value::Null);
        (notes.counts[&Metric::LEDGER_ACCOUNTS], notes.counts[&Metric::LEDGER_DIFFERENCES])
    };
    assert_eq!(night().await, (3, 0));
    tamper(&world, 1, "BALANCE", "available", 5).await;
    assert_eq!(night().await, (3, 1));
    // Everybody's holds are older than two hours now.
    world.clock.advance(7201);
    assert_eq!(night().await, (3, 4));
}
