//! The clock port.

pub use jiff::Timestamp;

/// Port for the time: tests set it.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds: the precision of stored items, so an answer and a later read agree.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, read to the millisecond.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        from_epoch_millis(Timestamp::now().as_millisecond())
    }
}

/// Whole seconds since 1970, as DynamoDB's TTL wants them.
pub fn epoch_seconds(at: Timestamp) -> i64 {
    at.as_second()
}

/// The instant of a stored number of milliseconds since 1970; the epoch itself when out of range.
pub fn from_epoch_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
