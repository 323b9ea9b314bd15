//! Typed ids and the source that mints them.

use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

use super::{Error, Result, Timestamp};

/// Port for ids and secrets: tests get the same ids on every run.
pub trait IdSource: Send + Sync {
    /// A new UUIDv7 whose time part is `now`, so that ids sort by creation.
    fn uuid(&self, now: Timestamp) -> Uuid;

    /// 32 random bytes. An id is no secret: most of its bits are the time.
    fn secret(&self) -> Result<[u8; 32]>;
}

/// Ids from the operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let nanos = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
        Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1000, nanos))
    }

    fn secret(&self) -> Result<[u8; 32]> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| Error::internal("random bytes", error))?;
        Ok(secret)
    }
}

/// Declares a UUID newtype.
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// A new id that sorts by `now`.
            pub fn mint(ids: &dyn $crate::kernel::IdSource, now: $crate::kernel::Timestamp) -> Self {
                Self(ids.uuid(now))
            }

            pub const fn as_uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl From<::uuid::Uuid> for $name {
            fn from(uuid: ::uuid::Uuid) -> Self {
                Self(uuid)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ::uuid::Uuid::try_parse(text).map(Self)
            }
        }
    };
}
pub(crate) use typed_id;

typed_id! {
    /// One account of `identity`.
    UserId
}
typed_id! {
    /// One asynchronous job.
    JobId
}
typed_id! {
    /// One payment.
    PaymentId
}

/// What a job makes. Closed, and in the terms of the context `generation`: each kind has keys and messages of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// A text.
    #[default]
    Text,
    /// An image.
    Image,
    /// An upscaled copy of an image.
    Upscale,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_sort_by_creation_time() {
        let early = JobId::mint(&RandomIds, Timestamp::from_millisecond(1_700_000_000_001).unwrap());
        let late = JobId::mint(&RandomIds, Timestamp::from_millisecond(1_700_000_000_002).unwrap());
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn secrets_do_not_repeat() {
        let secrets: HashSet<_> = (0..100).map(|_| RandomIds.secret().unwrap()).collect();
        assert_eq!(secrets.len(), 100);
    }
}
