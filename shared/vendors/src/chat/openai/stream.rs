//! Chunks of a stream.

use domain::gateway::{Chunk, ProviderError};

use super::choices::Tally;
use super::envelope::Envelope;
use crate::chat::stream::{Protocol, Step};
use crate::chat::usage;
use crate::provider_error::{broken, malformed};

/// Passes chunks through until `[DONE]`, or until every choice is finished and the stream ends.
pub(super) struct Chunks {
    /// Number of requested choices.
    expected: u32,
    /// A bit for each finished choice.
    finished: u32,
    begun: bool,
}

impl Chunks {
    pub(super) fn of(choices: u32) -> Self {
        Self { expected: choices, finished: 0, begun: false }
    }

    fn chunk(&mut self, envelope: Envelope<'_>) -> Result<Option<Chunk>, ProviderError> {
        let usage = envelope.usage.and_then(usage::read);
        let tally: Tally = match envelope.choices {
            Some(choices) => serde_json::from_str(choices.get()).map_err(|error| malformed("choices", &error))?,
            None => Tally::default(),
        };
        // Usage has no choices, nor does what some servers send before the first chunk.
        let has_choices = tally.choices > 0;
        if !has_choices && usage.is_none() {
            return Ok(None);
        }
        self.begun |= has_choices;
        let before = self.finished.count_ones();
        self.finished |= tally.finished;
        Ok(Some(Chunk {
            choices: envelope.choices.filter(|_| has_choices).map(ToOwned::to_owned),
            usage,
            written: tally.written,
            // A server may repeat a finish reason with the usage.
            finished: self.finished.count_ones() - before,
            rest: envelope.rest,
            rewritten: None,
        }))
    }
}

impl Protocol for Chunks {
    fn take(&mut self, message: &str) -> Result<Step, ProviderError> {
        if message == "[DONE]" {
            return if self.begun { Ok(Step::Done) } else { Err(broken("the stream has no answer")) };
        }
        let envelope: Envelope<'_> = serde_json::from_str(message).map_err(|error| malformed("chunk", &error))?;
        if envelope.is_error() {
            return Ok(Step::Complaint);
        }
        Ok(self.chunk(envelope)?.map_or(Step::More, Step::Piece))
    }

    fn is_finished(&self) -> bool {
        self.finished.count_ones() >= self.expected
    }
}
