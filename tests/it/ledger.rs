//! The ledger under random operations: nothing is lost, nothing is made.

use std::collections::HashMap;

use domain::kernel::{Amount, Clock as _, Error, UserId};
use domain::ledger::{AccountId, EntryState, Ledger, Posting};
use proptest::prelude::*;
use uuid::Uuid;

use crate::world::World;

#[derive(Debug, Clone)]
enum Operation {
    Credit(u128, i64),
    Debit(u128, i64),
    Hold(u128, i64),
    Capture(u128, i64),
    Release(u128),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    // Few ids, so that repeats and operations on what others left behind are common.
    let id = 0_u128..12;
    let amount = 1_i64..60;
    let operation = prop_oneof![
        (id.clone(), amount.clone()).prop_map(|(id, amount)| Operation::Credit(id, amount)),
        (id.clone(), amount.clone()).prop_map(|(id, amount)| Operation::Debit(id, amount)),
        (id.clone(), amount.clone()).prop_map(|(id, amount)| Operation::Hold(id, amount)),
        (id.clone(), 0_i64..80).prop_map(|(id, amount)| Operation::Capture(id, amount)),
        id.prop_map(Operation::Release),
    ];
    proptest::collection::vec(operation, 1..40)
}

fn posting(id: u128, amount: i64) -> Posting {
    Posting { operation: Uuid::from_u128(id), amount: Amount::new(amount), description: "операция".to_owned() }
}

/// What the ledger should say, in a few lines that are plainly right.
#[derive(Default)]
struct Model {
    available: i64,
    held: i64,
    entries: HashMap<u128, Known>,
}

#[derive(Clone, Copy, PartialEq)]
enum Known {
    Posted { requested: i64 },
    Pending(i64),
    Settled { requested: i64 },
}

impl Model {
    /// Whether the operation succeeds; changes the model accordingly.
    fn apply(&mut self, operation: &Operation) -> bool {
        let known = |model: &Self, id: &u128| model.entries.get(id).copied();
        let repeat = |known: Known, requested: i64| match known {
            Known::Posted { requested: first } | Known::Settled { requested: first } => first == requested,
            Known::Pending(held) => -held == requested,
        };
        match operation {
            Operation::Credit(id, amount) => {
                if let Some(known) = known(self, id) {
                    return repeat(known, *amount);
                }
                self.available += amount;
                self.entries.insert(*id, Known::Posted { requested: *amount });
                true
            }
            Operation::Debit(id, amount) => match known(self, id) {
                Some(known) => repeat(known, -amount),
                None if self.available < *amount => false,
                None => {
                    self.available -= amount;
                    self.entries.insert(*id, Known::Posted { requested: -amount });
                    true
                }
            },
            Operation::Hold(id, amount) => match known(self, id) {
                Some(known) => repeat(known, -amount),
                None if self.available < *amount => false,
                None => {
                    self.available -= amount;
                    self.held += amount;
                    self.entries.insert(*id, Known::Pending(*amount));
                    true
                }
            },
            Operation::Capture(id, actual) => self.settle(*id, |held| (*actual).min(held)),
            Operation::Release(id) => self.settle(*id, |_| 0),
        }
    }

    fn settle(&mut self, id: u128, spent: impl Fn(i64) -> i64) -> bool {
        match self.entries.get(&id).copied() {
            Some(Known::Pending(held)) => {
                self.held -= held;
                self.available += held - spent(held);
                self.entries.insert(id, Known::Settled { requested: -held });
                true
            }
            Some(Known::Posted { .. } | Known::Settled { .. }) => true,
            None => false,
        }
    }

    fn held_by(&self, id: u128) -> Amount {
        match self.entries.get(&id) {
            Some(Known::Pending(held)) => Amount::new(*held),
            _ => Amount::new(1),
        }
    }
}

async fn run(world: &World, account: AccountId, operations: &[Operation]) -> Result<(), TestCaseError> {
    let ledger = Ledger::new(world.table.clone());
    let mut model = Model::default();
    for operation in operations {
        let now = world.clock.now();
        let done = match operation {
            Operation::Credit(id, amount) => ledger.credit(account, &posting(*id, *amount), now).await,
            Operation::Debit(id, amount) => ledger.debit(account, &posting(*id, *amount), now).await,
            Operation::Hold(id, amount) => ledger.hold(account, &posting(*id, *amount), now).await,
            Operation::Capture(id, actual) => {
                ledger.capture(account, Uuid::from_u128(*id), model.held_by(*id), Amount::new(*actual)).await
            }
            Operation::Release(id) => ledger.release(account, Uuid::from_u128(*id), model.held_by(*id)).await,
        };
        prop_assert_eq!(done.is_ok(), model.apply(operation), "{:?}: {:?}", operation, done);
        let audit = ledger.audit(account).await.expect("audit");
        prop_assert!(audit.agrees(), "{:?}: {:?}", operation, audit);
        prop_assert_eq!(audit.account.available.units(), model.available, "{:?}", operation);
        prop_assert_eq!(audit.account.held.units(), model.held, "{:?}", operation);
    }
    Ok(())
}

#[test]
fn money_is_conserved_under_any_order_of_operations_and_repeats() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let world = runtime.block_on(World::easy_writer());
    let serial = std::cell::Cell::new(0_u128);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 64, ..ProptestConfig::default() });
    let result = runner.run(&operations(), |operations| {
        serial.set(serial.get() + 1);
        let account = UserId::from(Uuid::from_u128(1_000_000 + serial.get())).into();
        runtime.block_on(run(&world, account, &operations))
    });
    result.expect("the ledger agrees with the model");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_holds_captures_and_releases_leave_balanced_books() {
    let world = World::easy_writer().await;
    let ledger = Ledger::new(world.table.clone());
    let account: AccountId = UserId::from(Uuid::from_u128(7)).into();
    let now = world.clock.now();
    ledger.credit(account, &posting(1, 100), now).await.expect("credit");
    let work = (10..74_u128).map(|id| {
        let ledger = ledger.clone();
        async move {
            match ledger.hold(account, &posting(id, 7), now).await {
                Ok(_) if id % 2 == 0 => {
                    let operation = Uuid::from_u128(id);
                    let first =
                        ledger.capture(account, operation, Amount::new(7), Amount::new(5)).await.expect("capture");
                    let again =
                        ledger.capture(account, operation, Amount::new(7), Amount::new(5)).await.expect("repeat");
                    assert_eq!(first, again);
                    assert_eq!(first.state, EntryState::Posted { amount: Amount::new(-5) });
                    Some(5)
                }
                Ok(_) => {
                    ledger.release(account, Uuid::from_u128(id), Amount::new(7)).await.expect("release");
                    Some(0)
                }
                Err(Error::InsufficientFunds { .. }) => None,
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    let spent: i64 = futures_util::future::join_all(work).await.into_iter().flatten().sum();
    let audit = ledger.audit(account).await.expect("audit");
    assert!(audit.agrees(), "{audit:?}");
    assert_eq!((audit.account.available.units(), audit.account.held.units()), (100 - spent, 0));
}
