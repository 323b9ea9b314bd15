//! Work with a due time, done by any worker: the due index, the sweep and the lease.
//!
//! An item that needs work later carries two *due keys*: a partition of `gsi1`, one of several shards, and its due
//! time. While the item has them, a scheduled [sweep](DueIndex::sweep) finds it once the time has passed. Lost messages
//! and dead workers are found like that.
//!
//! A worker takes the item's [lease](Lease) first, and only the holder's writes succeed afterwards. A holder that dies
//! leaves a lease that ends by itself.
//!
//! An index lags behind its table: what a sweep finds is a hint, and the item itself decides. A sweep reads the item
//! ([`DueItem::load`]) or changes it on the condition that its due time is what the index said ([`DueItem::postpone`]).

mod index;
mod lease;
mod sweep;

pub use index::{DueIndex, DueItem, DueKeys, RESEND_AFTER, Reschedule};
pub use lease::{Lease, Leased, Taken};
pub use sweep::{MAX_PER_SHARD, Swept};
