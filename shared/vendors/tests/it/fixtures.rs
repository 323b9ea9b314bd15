//! Clock, ids, keys and GigaChat's settings of the tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::kernel::{Clock, IdSource, Timestamp};
use uuid::Uuid;
use vendors::chat::{GigaChatScope, GigaChatSettings};
use vendors::{Secret, Timeouts};

use crate::server::Answer;

/// The key of every vendor in these tests.
pub(crate) const KEY: &str = "c2VjcmV0OmtleQ==";
/// GigaChat's access token in these tests.
pub(crate) const TOKEN: &str = "eyJhY2Nlc3M.token";
/// What the streams of these tests say.
pub(crate) const TEXT: &str = "Привет, мир 🙂!";

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-01-21T11:49:35Z".parse().unwrap())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ids that count up.
#[derive(Default)]
pub(crate) struct TestIds(Mutex<u128>);

impl IdSource for TestIds {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        let mut last = self.0.lock().unwrap();
        *last += 1;
        Uuid::from_u128(0x019b_e060_0000_7000_8000_0000_0000_0000 + *last)
    }

    fn secret(&self) -> domain::kernel::Result<[u8; 32]> {
        Ok([7; 32])
    }
}

/// Time enough for a slow machine.
pub(crate) fn patient() -> Timeouts {
    let long = Duration::from_mins(1);
    Timeouts { connect: long, first_byte: long, silence: long, total: long }
}

/// A time that runs out at once, for servers that never answer.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

/// Path of GigaChat's token endpoint in these tests.
pub(crate) const TOKEN_PATH: &str = "/oauth";

pub(crate) fn gigachat_settings(url: &str, timeouts: Timeouts) -> GigaChatSettings {
    GigaChatSettings {
        base_url: format!("{url}/v1/"),
        auth_url: format!("{url}{TOKEN_PATH}"),
        timeouts,
        ..GigaChatSettings::new(Secret::new(KEY), GigaChatScope::Personal)
    }
}

/// GigaChat's token, valid for 30 minutes of [`TestClock`].
pub(crate) fn token_answer() -> Answer {
    Answer::ok(format!(r#"{{"access_token":"{TOKEN}","expires_at":1768997975000}}"#))
}
