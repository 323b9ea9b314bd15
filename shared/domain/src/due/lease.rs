//! Who works on an item.

use std::time::Duration;

use serde::de::DeserializeOwned;
use store::{Condition, Table, Update, attr};
use uuid::Uuid;

use crate::kernel::{Result, Timestamp};

/// A kind of lease: two attributes of an item, the holder's token and the end, and how long it lasts.
///
/// A lease is free if there is none or if its end has passed. The token is new for every attempt to take it, so what a
/// holder writes on the condition of [its token](Lease::is_held) fails once another has taken over.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    token: &'static str,
    until: &'static str,
    length: Duration,
}

/// A stored item that can be leased.
pub trait Leased: DeserializeOwned {
    /// The token of the present lease, whether or not its end has passed.
    fn token(&self) -> Option<Uuid>;
}

/// The answer to an attempt to take a lease.
#[derive(Debug)]
pub enum Taken<T> {
    /// The caller has it; this is the item now.
    Granted(T),
    /// Another worker holds it, or the item's condition failed; the item as stored, if it exists.
    Refused(Option<T>),
}

impl<T> Taken<T> {
    /// The item, if the lease was granted.
    pub fn granted(self) -> Option<T> {
        match self {
            Self::Granted(item) => Some(item),
            Self::Refused(_) => None,
        }
    }
}

impl Lease {
    /// A lease in the attributes `token` and `until` that lasts for `length`.
    pub const fn new(token: &'static str, until: &'static str, length: Duration) -> Self {
        Self { token, until, length }
    }

    /// When a lease ends that is taken or renewed at `now`.
    pub fn end(&self, now: Timestamp) -> Timestamp {
        now + self.length
    }

    /// Takes the lease under `token`, a fresh one, together with the rest of `update`: if `condition`
    /// holds and the lease is free.
    pub async fn take<T: Leased>(
        &self,
        table: &Table,
        update: Update,
        condition: Condition,
        token: Uuid,
        now: Timestamp,
    ) -> Result<Taken<T>> {
        let free = attr(self.until).missing().or(attr(self.until).less_than(now.as_millisecond()));
        let update = self.renew(update.set(self.token, token), now).when(condition.and(free));
        match table.update::<T>(update).await {
            Ok(item) => Ok(Taken::Granted(item)),
            Err(store::Error::ConditionFailed(failed)) => Ok(match failed.item::<T>()? {
                // The SDK repeats a write whose answer got lost: the lease may be the caller's already.
                Some(item) if item.token() == Some(token) => Taken::Granted(item),
                item => Taken::Refused(item),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The lease is held under `token`. Without a token, no write succeeds.
    pub fn is_held(&self, token: Option<Uuid>) -> Condition {
        attr(self.token).equals(token.unwrap_or(Uuid::nil()))
    }

    /// The lease lasts from `now` on. For its holder: on the condition that it [is held](Lease::is_held).
    pub fn renew(&self, update: Update, now: Timestamp) -> Update {
        update.set(self.until, self.end(now).as_millisecond())
    }

    /// The lease is free. For its holder, likewise.
    pub fn release(&self, update: Update) -> Update {
        update.remove(self.token).remove(self.until)
    }
}
