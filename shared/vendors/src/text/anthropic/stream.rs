//! The events of an answer.

use domain::generation::text::TextError;
use serde::Deserialize;
use serde_json::Value;

use crate::http::{EventStream, Failure};
use crate::text::output::{self, Count, Draft, Step, Usage};

/// An event. Kinds that are not listed (`ping`, starts and stops of blocks, and what is yet to be invented) mean
/// nothing here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: MessageStart,
    },
    ContentBlockDelta {
        delta: BlockDelta,
    },
    MessageDelta {
        delta: MessageDelta,
        usage: Option<EventUsage>,
    },
    MessageStop,
    Error,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct MessageStart {
    usage: Option<EventUsage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockDelta {
    TextDelta {
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct MessageDelta {
    stop_reason: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventUsage {
    #[serde(rename = "input_tokens")]
    input: Count,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_creation: Count,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Count,
    #[serde(rename = "output_tokens")]
    output: Count,
}

/// What is known so far besides the text.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) stop_reason: Option<String>,
    pub(super) usage: EventUsage,
}

/// Reads events into `draft` until `message_stop`. A stream that ends or fails before a stop reason is broken.
pub(super) async fn read(events: &mut EventStream, draft: &mut Draft<'_>) -> Result<Progress, TextError> {
    let mut progress = Progress::default();
    loop {
        let step = step(events, draft, &mut progress).await;
        if output::is_last(step, progress.stop_reason.is_some())? {
            return Ok(progress);
        }
    }
}

async fn step(events: &mut EventStream, draft: &mut Draft<'_>, progress: &mut Progress) -> Result<Step, TextError> {
    let Some(data) = events.next().await? else { return Ok(Step::StreamEnded) };
    match serde_json::from_str(&data).map_err(|error| Failure::malformed("event", &error))? {
        // The count of written tokens that comes with the start is of the start only.
        Event::MessageStart { message } => {
            progress.usage.update(EventUsage { output: Count(None), ..message.usage.unwrap_or_default() });
        }
        Event::ContentBlockDelta { delta: BlockDelta::TextDelta { text } } => draft.push(&text),
        Event::MessageDelta { delta, usage } => {
            progress.stop_reason = delta.stop_reason.or(progress.stop_reason.take());
            progress.usage.update(usage.unwrap_or_default());
        }
        Event::MessageStop => return Ok(Step::Done),
        Event::Error => {
            let error: Value = serde_json::from_str(&data).unwrap_or_default();
            return Err(TextError::Broken(events.complaint(&error).describe()));
        }
        Event::ContentBlockDelta { delta: BlockDelta::Other } | Event::Other => {}
    }
    Ok(Step::More)
}

impl EventUsage {
    /// Takes later figures, which are cumulative: each replaces the earlier one, and one that is not told again stays.
    fn update(&mut self, later: Self) {
        let newer = |later: Count, earlier: Count| Count(later.0.or(earlier.0));
        self.input = newer(later.input, self.input);
        self.cache_creation = newer(later.cache_creation, self.cache_creation);
        self.cache_read = newer(later.cache_read, self.cache_read);
        self.output = newer(later.output, self.output);
    }

    /// `input_tokens` leaves out what was written to the cache and read from it.
    pub(super) fn total(self) -> Usage {
        let cached = [self.cache_creation, self.cache_read].into_iter().filter_map(|count| count.0);
        Usage { input: self.input.0.map(|input| cached.fold(input, u64::saturating_add)), output: self.output.0 }
    }
}
