//! Events of a stream.

use std::borrow::Cow;

use domain::gateway::{ProviderError, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Block, Tokens, finish_reason};
use crate::chat::delta::{Delta, Pieces, ToolCallDelta, usage_piece};
use crate::chat::stream::{Protocol, Step};
use crate::provider_error::{broken, malformed};

/// An event. Fields depend on the type.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    message: Option<Start>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    delta: Option<Change>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<Tokens>,
}

/// Difference to a block or the message.
#[derive(Deserialize)]
struct Change {
    text: Option<String>,
    thinking: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
}

/// Parses events until `message_stop`. Other types (`ping`, signatures, future ones) are ignored.
#[derive(Default)]
pub(super) struct Events {
    pieces: Pieces,
    tokens: Tokens,
    /// Tool calls so far.
    calls: u32,
    /// The open block is a tool call without arguments so far.
    wants_arguments: bool,
    finished: bool,
}

impl Protocol for Events {
    fn take(&mut self, message: &str) -> Result<Step, ProviderError> {
        let event: Event<'_> = serde_json::from_str(message).map_err(|error| malformed("event", &error))?;
        match &*event.kind {
            "message_start" => {
                let usage = event.message.and_then(|start| start.usage).unwrap_or_default();
                self.tokens.update(usage.at_start());
                self.piece(Delta::default())
            }
            "content_block_start" => event.content_block.map_or(Ok(Step::More), |block| self.begin(&block)),
            "content_block_delta" => event.delta.map_or(Ok(Step::More), |delta| self.go_on(&delta)),
            "content_block_stop" => self.end_of_block(),
            "message_delta" => self.end(event.delta.and_then(|delta| delta.stop_reason), event.usage),
            "message_stop" if self.finished => Ok(Step::Done),
            "message_stop" => Err(broken("the message does not say why it ends")),
            "error" => Ok(Step::Complaint),
            _ => Ok(Step::More),
        }
    }

    fn is_finished(&self) -> bool {
        self.finished
    }
}

impl Events {
    fn piece(&mut self, delta: Delta<'_>) -> Result<Step, ProviderError> {
        self.pieces.piece(delta, None, None).map(Step::Piece)
    }

    fn begin(&mut self, block: &Block<'_>) -> Result<Step, ProviderError> {
        if block.kind != "tool_use" {
            // Texts usually start empty.
            return self.say(block.text.as_deref(), block.thinking.as_deref());
        }
        let (id, name) = (block.id.as_deref().unwrap_or_default(), block.name.as_deref().unwrap_or_default());
        // So does the input of a tool call.
        let arguments = block.input.map(RawValue::get).filter(|input| *input != "{}").unwrap_or_default();
        self.wants_arguments = arguments.is_empty();
        let call = ToolCallDelta::begin(self.calls, id, name, arguments);
        self.calls += 1;
        self.piece(Delta { tool_call: Some([call]), ..Delta::default() })
    }

    fn go_on(&mut self, delta: &Change) -> Result<Step, ProviderError> {
        match &delta.partial_json {
            Some(arguments) => self.arguments(arguments),
            None => self.say(delta.text.as_deref(), delta.thinking.as_deref()),
        }
    }

    fn say(&mut self, text: Option<&str>, thinking: Option<&str>) -> Result<Step, ProviderError> {
        let said = |text: &&str| !text.is_empty();
        let delta = Delta { content: text.filter(said), reasoning_content: thinking.filter(said), ..Delta::default() };
        if delta.is_empty() { Ok(Step::More) } else { self.piece(delta) }
    }

    fn arguments(&mut self, arguments: &str) -> Result<Step, ProviderError> {
        let Some(index) = self.calls.checked_sub(1).filter(|_| !arguments.is_empty()) else { return Ok(Step::More) };
        self.wants_arguments = false;
        self.piece(Delta { tool_call: Some([ToolCallDelta::arguments(index, arguments)]), ..Delta::default() })
    }

    /// A tool call without arguments streams none; OpenAI's protocol wants an empty object.
    fn end_of_block(&mut self) -> Result<Step, ProviderError> {
        if self.wants_arguments { self.arguments("{}") } else { Ok(Step::More) }
    }

    fn end(&mut self, stop_reason: Option<String>, tokens: Option<Tokens>) -> Result<Step, ProviderError> {
        self.tokens.update(tokens.unwrap_or_default());
        let usage: Option<Usage> = self.tokens.usage();
        match stop_reason {
            Some(reason) if !self.finished => {
                let reason = finish_reason(&reason)?;
                self.finished = true;
                self.pieces.piece(Delta::default(), Some(reason), usage).map(Step::Piece)
            }
            _ => Ok(usage.map_or(Step::More, |usage| Step::Piece(usage_piece(usage)))),
        }
    }
}
