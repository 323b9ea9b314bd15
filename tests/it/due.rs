//! The due index and the lease under random operations, against a model; and what a sweep does when something is in its way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::due::{DueIndex, DueItem, DueKeys, Lease, Leased, Reschedule as _, Swept, Taken};
use domain::kernel::{Clock as _, IdSource as _, RandomIds, Timestamp};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use store::{Condition, Key, Put, Update};
use uuid::Uuid;

use crate::world::{Action, World};

const INDEX: DueIndex<u128> = DueIndex::new("OPEN_TESTS#", 4, |key| key.pk.strip_prefix("TEST#")?.parse().ok());
const LEASE: Lease = Lease::new("lease", "lease_until", Duration::from_mins(1));
const POSTPONED: Duration = Duration::from_mins(2);

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    due: DueKeys,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Uuid>,
}

impl Leased for Item {
    fn token(&self) -> Option<Uuid> {
        self.lease
    }
}

fn key(id: u128) -> Key {
    Key::new(format!("TEST#{id}"), "ITEM")
}

async fn put(world: &World, id: u128, due: Timestamp) {
    let item = Item { key: key(id), due: INDEX.keys(Uuid::from_u128(id), due), lease: None };
    world.table.put(Put::new(&item).unwrap()).await.unwrap();
}

/// Postpones all that is due, where planned faults happen.
async fn sweep(world: &World, limit: Option<u32>) -> Swept<u128> {
    let table = world.platform.table().unwrap();
    let (table, now) = (&table, world.clock.now());
    let postpone = |due: DueItem<u128>| async move {
        let done = table.try_update::<Item>(due.postpone(now + POSTPONED)).await?;
        Ok(done.map(|_| due.name))
    };
    INDEX.sweep(table, now, limit, postpone).await
}

#[derive(Debug, Clone)]
enum Operation {
    /// Makes an item due in so many seconds.
    Schedule(u128, u64),
    /// Takes an item's lease.
    Take(u128),
    /// Renews, releases, or ends the work of one of those who ever held a lease.
    Renew(prop::sample::Index),
    Release(prop::sample::Index),
    Finish(prop::sample::Index),
    Advance(i64),
    Sweep,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let id = 0_u128..6;
    let operation = prop_oneof![
        1 => (id.clone(), 0_u64..200).prop_map(|(id, seconds)| Operation::Schedule(id, seconds)),
        3 => id.prop_map(Operation::Take),
        1 => any::<prop::sample::Index>().prop_map(Operation::Renew),
        1 => any::<prop::sample::Index>().prop_map(Operation::Release),
        1 => any::<prop::sample::Index>().prop_map(Operation::Finish),
        2 => (1_i64..90).prop_map(Operation::Advance),
        2 => Just(Operation::Sweep),
    ];
    proptest::collection::vec(operation, 1..40)
}

/// An item as it should be.
#[derive(Default)]
struct Model {
    due: Option<Timestamp>,
    /// Token and end.
    lease: Option<(Uuid, Timestamp)>,
}

async fn run(world: &World, operations: Vec<Operation>) -> Result<(), TestCaseError> {
    let mut items: BTreeMap<u128, Model> = (0..6).map(|id| (id, Model::default())).collect();
    for id in items.keys() {
        world
            .table
            .put(Put::new(&Item { key: key(*id), due: DueKeys::default(), lease: None }).unwrap())
            .await
            .unwrap();
    }
    let mut holders: Vec<(u128, Uuid)> = Vec::new();
    for operation in operations {
        let now = world.clock.now();
        match operation {
            Operation::Schedule(id, seconds) => {
                let at = now + Duration::from_secs(seconds);
                let update = INDEX.schedule(Update::new(key(id)), Uuid::from_u128(id), at);
                prop_assert!(world.table.update::<Item>(update).await.unwrap().due.is_due());
                items.get_mut(&id).unwrap().due = Some(at);
            }
            Operation::Take(id) => {
                let token = RandomIds.uuid(now);
                let outcome = LEASE
                    .take::<Item>(&world.table, Update::new(key(id)), Condition::item_exists(), token, now)
                    .await
                    .unwrap();
                let model = items.get_mut(&id).unwrap();
                let free = model.lease.is_none_or(|(_, end)| end < now);
                match outcome {
                    Taken::Granted(item) => prop_assert!(free && item.lease == Some(token)),
                    Taken::Refused(item) => {
                        prop_assert!(!free);
                        prop_assert_eq!(item.and_then(|item| item.lease), model.lease.map(|(token, _)| token));
                    }
                }
                if free {
                    model.lease = Some((token, now + Duration::from_mins(1)));
                    holders.push((id, token));
                }
            }
            Operation::Renew(which) | Operation::Release(which) | Operation::Finish(which) if holders.is_empty() => {
                let _ = which;
            }
            Operation::Renew(which) => {
                let (id, token) = *which.get(&holders);
                let update = LEASE.renew(Update::new(key(id)).when(LEASE.is_held(Some(token))), now);
                let done = world.table.try_update::<Item>(update).await.unwrap().is_some();
                let model = items.get_mut(&id).unwrap();
                prop_assert_eq!(done, model.lease.is_some_and(|(held, _)| held == token));
                if done {
                    model.lease = Some((token, now + Duration::from_mins(1)));
                }
            }
            Operation::Release(which) => {
                let (id, token) = *which.get(&holders);
                let update = LEASE.release(Update::new(key(id)).when(LEASE.is_held(Some(token))));
                let done = world.table.try_update::<Item>(update).await.unwrap().is_some();
                let model = items.get_mut(&id).unwrap();
                prop_assert_eq!(done, model.lease.is_some_and(|(held, _)| held == token));
                if done {
                    model.lease = None;
                }
            }
            Operation::Finish(which) => {
                let (id, token) = *which.get(&holders);
                let update = LEASE.release(Update::new(key(id)).not_due().when(LEASE.is_held(Some(token))));
                let item = world.table.try_update::<Item>(update).await.unwrap();
                let model = items.get_mut(&id).unwrap();
                prop_assert_eq!(item.is_some(), model.lease.is_some_and(|(held, _)| held == token));
                if let Some(item) = item {
                    prop_assert!(!item.due.is_due());
                    *model = Model::default();
                }
            }
            Operation::Advance(seconds) => world.clock.advance(seconds),
            Operation::Sweep => {
                let swept = sweep(world, None).await;
                prop_assert_eq!(swept.problems, 0);
                let found: BTreeSet<u128> = swept.done.iter().copied().collect();
                prop_assert_eq!(found.len(), swept.done.len(), "each once");
                let due = items.iter_mut().filter(|(_, model)| model.due.is_some_and(|at| at <= now));
                let expected = due.map(|(id, model)| {
                    model.due = Some(now + POSTPONED);
                    *id
                });
                prop_assert_eq!(found, expected.collect());
            }
        }
    }
    Ok(())
}

#[test]
fn leases_are_exclusive_and_sweeps_find_what_is_due_under_any_order_of_operations() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let world = runtime.block_on(World::easy_writer());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 48, ..ProptestConfig::default() });
    let result = runner.run(&operations(), |operations| runtime.block_on(run(&world, operations)));
    result.expect("the items agree with the model");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_as_a_holder_without_a_lease() {
    let world = World::easy_writer().await;
    put(&world, 1, world.clock.now()).await;
    let update = Update::new(key(1)).not_due().when(LEASE.is_held(None));
    assert!(world.table.try_update::<Item>(update).await.unwrap().is_none());
    assert_eq!(sweep(&world, None).await.done, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_takes_the_earliest_of_each_shard_up_to_its_limit() {
    let world = World::easy_writer().await;
    // Two shards of four: the last byte of the id, modulo 4.
    for (id, age) in [(0, 30), (4, 10), (8, 20), (1, 5)] {
        put(&world, id, world.clock.now() - Duration::from_secs(age)).await;
    }
    put(&world, 12, world.clock.now() + Duration::from_secs(1)).await;
    assert_eq!(sweep(&world, Some(2)).await.done, [0, 8, 1]);
    assert_eq!(sweep(&world, Some(2)).await.done, [4], "the next one goes on");
    assert_eq!(sweep(&world, Some(2)).await.done, [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweeps_at_once_do_each_item_once() {
    let world = World::easy_writer().await;
    for id in 0..12 {
        put(&world, id, world.clock.now()).await;
    }
    let (one, two) = tokio::join!(sweep(&world, None), sweep(&world, None));
    assert_eq!((one.problems, two.problems), (0, 0));
    let mut all = [one.done, two.done].concat();
    all.sort_unstable();
    assert_eq!(all, (0..12).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_or_done_is_counted_and_keeps_nothing_else_from_it() {
    let world = World::easy_writer().await;
    for id in 0..8 {
        put(&world, id, world.clock.now()).await;
    }
    // An index entry of something else.
    let stranger =
        Item { key: Key::new("STRANGER", "1"), due: INDEX.keys(Uuid::nil(), world.clock.now()), lease: None };
    world.table.put(Put::new(&stranger).unwrap()).await.unwrap();
    // The first of the four shards is not read, however often the client tries; nor is one item written.
    world.faults.plan("Query", 0, 4, Action::Throttle);
    world.faults.plan("UpdateItem", 0, 4, Action::Throttle);
    let swept = sweep(&world, None).await;
    assert_eq!((swept.done, swept.problems), (vec![5, 2, 6, 3, 7], 2));
    world.faults.clear();
    let swept = sweep(&world, None).await;
    assert_eq!((swept.done, swept.problems), (vec![0, 4, 1], 1), "all that was left, but for the stranger");
}
