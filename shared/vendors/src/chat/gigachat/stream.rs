//! Chunks of a stream.

use domain::gateway::ProviderError;

use super::CallIds;
use super::answer::{Answer, Said};
use crate::chat::delta::{Delta, Pieces, ToolCallDelta, usage_piece};
use crate::chat::stream::{Protocol, Step};
use crate::provider_error::{broken, malformed};

/// Translates chunks until `[DONE]`.
pub(super) struct Chunks {
    ids: CallIds,
    pieces: Pieces,
    /// The vendor's id of the function call, which may precede it.
    state: Option<String>,
    begun: bool,
    finished: bool,
}

impl Chunks {
    pub(super) fn new(ids: CallIds) -> Self {
        Self { ids, pieces: Pieces::default(), state: None, begun: false, finished: false }
    }

    fn piece(&mut self, answer: Answer<'_>) -> Result<Step, ProviderError> {
        let usage = answer.usage();
        let Some(choice) = answer.choice() else {
            return Ok(usage.map_or(Step::More, |usage| Step::Piece(usage_piece(usage))));
        };
        let finish_reason = choice.finish_reason()?.filter(|_| !self.finished);
        self.begun = true;
        self.finished |= finish_reason.is_some();
        let Said { content, reasoning_content, function_call, functions_state_id } = choice.message.unwrap_or_default();
        self.state = functions_state_id.or(self.state.take());
        let id = self.ids.id(self.state.as_deref());
        let arguments = function_call.as_ref().map(|call| call.arguments()).unwrap_or_default();
        let call = function_call.as_ref().map(|call| [ToolCallDelta::begin(0, &id, &call.name, &arguments)]);
        let said = |text: &&str| !text.is_empty();
        let delta = Delta {
            content: content.as_deref().filter(said),
            reasoning_content: reasoning_content.as_deref().filter(said),
            tool_call: call,
            ..Delta::default()
        };
        if delta.is_empty() && finish_reason.is_none() {
            return Ok(usage.map_or(Step::More, |usage| Step::Piece(usage_piece(usage))));
        }
        self.pieces.piece(delta, finish_reason, usage).map(Step::Piece)
    }
}

impl Protocol for Chunks {
    fn take(&mut self, message: &str) -> Result<Step, ProviderError> {
        if message == "[DONE]" {
            return if self.begun { Ok(Step::Done) } else { Err(broken("the stream has no answer")) };
        }
        let answer: Answer<'_> = serde_json::from_str(message).map_err(|error| malformed("chunk", &error))?;
        if answer.is_error() { Ok(Step::Complaint) } else { self.piece(answer) }
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}
