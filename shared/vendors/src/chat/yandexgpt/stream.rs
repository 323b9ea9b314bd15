//! The lines of an answer.

use domain::gateway::ProviderError;

use super::answer::{self, State};
use crate::chat::delta::{Delta, Pieces, usage_piece};
use crate::chat::stream::{Protocol, Step};

/// Turns texts so far into what each adds, and reads on to the end of the stream.
#[derive(Default)]
pub(super) struct Lines {
    pieces: Pieces,
    /// Everything given out.
    given: String,
    finished: bool,
}

impl Protocol for Lines {
    fn take(&mut self, message: &str) -> Result<Step, ProviderError> {
        let Some(State { text, finish_reason, usage }) = answer::state(message.as_bytes())? else {
            return Ok(Step::Complaint);
        };
        // After the end there is nothing to add but the usage.
        let (text, finish_reason) = if self.finished { (None, None) } else { (text, finish_reason) };
        self.finished |= finish_reason.is_some();
        // Prefixes of texts end between characters, so what remains is a text.
        let added = text.as_deref().and_then(|text| text.strip_prefix(self.given.as_str())).unwrap_or_default();
        if added.is_empty() && finish_reason.is_none() {
            return Ok(usage.map_or(Step::More, |usage| Step::Piece(usage_piece(usage))));
        }
        self.given.push_str(added);
        let content = Some(added).filter(|added| !added.is_empty());
        self.pieces.piece(Delta { content, ..Delta::default() }, finish_reason, usage).map(Step::Piece)
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}
