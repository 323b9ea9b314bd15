//! A completion as server-sent events.

use axum::body::Bytes;

use super::error::Failure;
use super::response::{Choice, Chunk, ChunkChoice, Delta, Head, Nullable, ToolCallDelta, Usage};
use crate::model::delivery::{Script, data};
use crate::model::tokens;

/// Padding of chunks, at most, which hides the length of their text.
const PADDING: &str = "aB3dE6gH9jK2mN5pQ8sT";

/// The fields that all chunks of an answer share.
pub(super) struct Chunks {
    pub(super) head: Head,
    /// The counts, if the client asked for them.
    pub(super) usage: Option<Usage>,
    pub(super) obfuscate: bool,
}

impl Chunks {
    /// The frames of the answer.
    pub(super) fn script(&self, choices: Vec<Choice>) -> Script {
        let mut frames = Vec::new();
        for choice in choices {
            self.add(&choice, &mut frames);
        }
        if let Some(usage) = &self.usage {
            let usage = Some(Nullable::Value(usage));
            frames.push(data(&Chunk { head: &self.head, choices: Vec::new(), usage, obfuscation: None }));
        }
        let done = Bytes::from_static(b"data: [DONE]\n\n");
        frames.push(done.clone());
        Script {
            content_type: "text/event-stream; charset=utf-8",
            frames,
            failure: vec![data(&Failure::server_error().into_body()), done],
            broken: Bytes::from_static(b"data: {\"id\":\"chatcmpl-sandbox\",\"object\":\"chat.comp\n\n"),
        }
    }

    fn add(&self, choice: &Choice, frames: &mut Vec<Bytes>) {
        let mut add = |delta, logprobs, finish_reason| {
            let obfuscation = self.obfuscate.then(|| padding(frames.len()));
            let choice = ChunkChoice { index: choice.index, delta, logprobs, finish_reason };
            let usage = self.usage.is_some().then_some(Nullable::Null);
            frames.push(data(&Chunk { head: &self.head, choices: vec![choice], usage, obfuscation }));
        };
        let (text, calls) = (choice.message.content.as_deref(), &choice.message.tool_calls);
        // The content of calls is null, that of a text begins empty.
        let content = Some(text.map_or(Nullable::Null, |_| Nullable::Value("")));
        add(Delta { role: Some("assistant"), content, refusal: Some(Nullable::Null), tool_calls: None }, None, None);
        for piece in tokens::pieces(text.unwrap_or_default()) {
            let content = Some(Nullable::Value(piece));
            add(Delta { content, ..Delta::default() }, choice.probabilities_of(piece), None);
        }
        for (index, call) in calls.iter().enumerate() {
            add(Delta { tool_calls: Some([ToolCallDelta::begin(index, call)]), ..Delta::default() }, None, None);
            for piece in tokens::pieces(&call.function.arguments) {
                add(Delta { tool_calls: Some([ToolCallDelta::go_on(index, piece)]), ..Delta::default() }, None, None);
            }
        }
        add(Delta::default(), None, Some(choice.finish_reason));
    }
}

fn padding(position: usize) -> &'static str {
    PADDING.get(..1 + position * 7 % PADDING.len()).unwrap_or(PADDING)
}
