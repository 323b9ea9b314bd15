//! Lines of a stream.

use domain::gateway::{Chunk, ProviderError};

use super::answer::{self, State};
use crate::chat::delta::{Delta, Pieces, usage_piece};
use crate::chat::stream::{Protocol, Step};

/// Translates texts so far into differences, to the end of the stream.
#[derive(Default)]
pub(super) struct Lines {
    pieces: Pieces,
    /// The text of the chunks given out.
    given: String,
    /// The vendor's latest text, if it does not continue `given`.
    rewritten: Option<String>,
    finished: bool,
}

impl Protocol for Lines {
    fn take(&mut self, message: &str) -> Result<Step, ProviderError> {
        let Some(State { text, finish_reason, usage }) = answer::state(message.as_bytes())? else {
            return Ok(Step::Complaint);
        };
        // After the end only usage is added.
        let (text, finish_reason) = if self.finished { (None, None) } else { (text, finish_reason) };
        self.finished |= finish_reason.is_some();
        let mut added = "";
        if let Some(text) = &text {
            // A prefix of a text ends between characters, so the rest is a text.
            if let Some(rest) = text.strip_prefix(self.given.as_str()) {
                (added, self.rewritten) = (rest, None);
            } else {
                self.rewritten = Some(text.clone());
            }
        }
        if added.is_empty() && finish_reason.is_none() {
            return Ok(usage.map_or(Step::More, |usage| Step::Piece(usage_piece(usage))));
        }
        self.given.push_str(added);
        let content = Some(added).filter(|added| !added.is_empty());
        let chunk = self.pieces.piece(Delta { content, ..Delta::default() }, finish_reason, usage)?;
        let rewritten = self.rewritten.take_if(|_| self.finished);
        Ok(Step::Piece(Chunk { rewritten, ..chunk }))
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}
