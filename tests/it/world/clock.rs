//! Time and ids that tests own.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::kernel::{Clock, IdSource, Result, Timestamp};
use uuid::Uuid;

/// A clock that stands still until it is moved.
pub struct HandClock(AtomicI64);

impl Default for HandClock {
    /// Noon of 2026-01-15 UTC.
    fn default() -> Self {
        Self(AtomicI64::new(1_768_478_400_000))
    }
}

impl HandClock {
    /// Moves on.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).expect("a time in range")
    }
}

/// UUIDv7s that count upwards, so that what is created later sorts later even while the clock stands still.
#[derive(Default)]
pub struct SerialIds(AtomicU64);

impl IdSource for SerialIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let serial = self.0.fetch_add(1, Ordering::SeqCst);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&serial.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millisecond()).expect("after 1970"), &random)
            .into_uuid()
    }

    fn secret(&self) -> Result<[u8; 32]> {
        let serial = self.0.fetch_add(1, Ordering::SeqCst);
        let mut secret = [0x5e; 32];
        secret[24..].copy_from_slice(&serial.to_be_bytes());
        Ok(secret)
    }
}
