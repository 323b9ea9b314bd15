//! `RATE#{policy}#{subject}#{window start}` / `WINDOW`, removed by TTL once the window is over.

use serde::Deserialize;
use store::Key;

pub(super) fn window_key(policy: &str, subject: &str, start: i64) -> Key {
    Key::new(format!("RATE#{policy}#{subject}#{start}"), "WINDOW")
}

#[derive(Deserialize)]
pub(super) struct WindowItem {
    pub(super) hits: u32,
}
