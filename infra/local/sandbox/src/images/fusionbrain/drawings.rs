//! Drawings that were ordered and not yet collected.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::error::Failure;
use super::order::Fault;
use crate::Options;
use crate::images::{self, Order};
use crate::seed::Seed;

/// A picture takes as long as this many chunks of text: about six seconds at the usual pace.
const CHUNKS: u32 = 400;

/// Time to live of a drawing, in seconds.
const KEPT: i64 = 600;

/// The status of a drawing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Initial,
    Processing,
    Failed,
    Done(Order),
}

struct Drawing {
    order: Order,
    fault: Option<Fault>,
    begun: Instant,
    /// Seconds since 1970.
    ordered_at: i64,
    questions: u32,
}

/// All drawings. The first response with a final status deletes its drawing.
pub(super) struct Drawings {
    options: Options,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    drawings: BTreeMap<String, Drawing>,
    ordered: u64,
}

/// The result of a finished drawing.
#[derive(Serialize)]
pub(super) struct Drawn {
    files: [String; 1],
    censored: bool,
}

impl Drawings {
    pub(super) fn new(options: Options) -> Self {
        Self { options, known: Mutex::default() }
    }

    /// Adds an order; returns its id.
    pub(super) fn add(&self, order: Order, fault: Option<Fault>) -> String {
        let now = (self.options.clock)();
        let mut known = self.known();
        known.drawings.retain(|_, drawing| now - drawing.ordered_at < KEPT);
        known.ordered += 1;
        let uuid = uuid(&order.prompt, known.ordered);
        let drawing = Drawing { order, fault, begun: Instant::now(), ordered_at: now, questions: 0 };
        known.drawings.insert(uuid.clone(), drawing);
        uuid
    }

    /// The status of a drawing; `None` if it is unknown or was collected.
    pub(super) fn ask(&self, uuid: &str) -> Option<Told> {
        let whole = self.options.pace * CHUNKS;
        let mut known = self.known();
        let drawing = known.drawings.get_mut(uuid)?;
        drawing.questions += 1;
        match (drawing.fault, drawing.questions) {
            (Some(Fault::Slow), 1) => return Some(Told::Initial),
            (Some(Fault::Slow), 2) => return Some(Told::Processing),
            (Some(Fault::Lost | Fault::Slow), _) => {}
            _ => {
                if let Some(unfinished) = progress(drawing.begun.elapsed(), whole) {
                    return Some(unfinished);
                }
            }
        }
        let Drawing { order, fault, .. } = known.drawings.remove(uuid)?;
        match fault {
            Some(Fault::Lost) => None,
            Some(Fault::Fail) => Some(Told::Failed),
            _ => Some(Told::Done(order)),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The status while a drawing is not finished.
fn progress(elapsed: Duration, whole: Duration) -> Option<Told> {
    if elapsed >= whole {
        None
    } else if elapsed * 3 < whole {
        Some(Told::Initial)
    } else {
        Some(Told::Processing)
    }
}

/// An id that looks random.
fn uuid(prompt: &str, number: u64) -> String {
    let mut seed = Seed::of([prompt, &number.to_string()]);
    let (high, low) = (seed.number(), seed.number());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Draws the picture; a forbidden one is replaced by a stub.
pub(super) async fn draw(order: Order) -> Result<Drawn, Failure> {
    let censored = images::is_forbidden(&order.prompt);
    let order = if censored { Order { prompt: "18+".to_owned(), ..order } } else { order };
    // Painting blocks for hundredths of a second: not on a thread that serves sockets.
    let drawn = tokio::task::spawn_blocking(move || images::draw(&order)?.jpeg().ok()).await;
    let file = drawn.ok().flatten().ok_or_else(Failure::server_error)?;
    Ok(Drawn { files: [STANDARD.encode(file)], censored })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_begins_goes_on_and_ends() {
        let whole = Duration::from_secs(6);
        let at = |seconds| progress(Duration::from_secs(seconds), whole);
        assert_eq!([at(0), at(1)], [Some(Told::Initial), Some(Told::Initial)]);
        assert_eq!([at(2), at(5)], [Some(Told::Processing), Some(Told::Processing)]);
        assert_eq!([at(6), at(100)], [None, None]);
        assert_eq!(progress(Duration::ZERO, Duration::ZERO), None);
    }

    #[test]
    fn ids_look_random_and_differ() {
        let (first, second) = (uuid("кот", 1), uuid("кот", 2));
        assert_ne!(first, second);
        let lengths: Vec<usize> = first.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
