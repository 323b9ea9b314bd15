//! Whole answers, and what they share with chunks.

use std::borrow::Cow;

use domain::gateway::{Completion, ProviderError, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::CallIds;
use crate::chat::delta::{Message, ToolCall};
use crate::chat::usage::Count;
use crate::http::Complaint;
use crate::provider_error::{self, broken, malformed};

/// An answer or a chunk, or an error as `{status, message}`.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Tokens>,
    error: Option<IgnoredAny>,
    message: Option<IgnoredAny>,
}

/// A choice: a message in an answer, a delta in a chunk.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(alias = "delta", borrow)]
    pub(super) message: Option<Said<'a>>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Said<'a> {
    pub(super) content: Option<String>,
    pub(super) reasoning_content: Option<String>,
    #[serde(borrow)]
    pub(super) function_call: Option<FunctionCall<'a>>,
    pub(super) functions_state_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FunctionCall<'a> {
    pub(super) name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    /// Without cached ones.
    #[serde(rename = "prompt_tokens")]
    prompt: Count,
    #[serde(rename = "completion_tokens")]
    completion: Count,
    #[serde(rename = "precached_prompt_tokens")]
    precached: Count,
}

impl<'a> Answer<'a> {
    /// Whether this is an error in place of an answer.
    pub(super) fn is_error(&self) -> bool {
        self.error.is_some() || (self.choices.is_none() && self.message.is_some())
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let told = self.usage.as_ref()?;
        let cached = told.precached.0.unwrap_or_default();
        let prompt = told.prompt.0?.saturating_add(cached);
        Some(Usage { prompt, completion: told.completion.0?, cached, reasoning: 0 })
    }

    /// The choice: one was requested.
    pub(super) fn choice(self) -> Option<Choice<'a>> {
        self.choices?.into_iter().next()
    }
}

impl Choice<'_> {
    /// OpenAI's finish reason, if the answer ends.
    pub(super) fn finish_reason(&self) -> Result<Option<&'static str>, ProviderError> {
        match self.finish_reason.as_deref() {
            None | Some("") => Ok(None),
            Some("length") => Ok(Some("length")),
            Some("function_call") => Ok(Some("tool_calls")),
            Some("blacklist") => Ok(Some("content_filter")),
            Some("error") => Err(broken("the vendor ended the answer with an error")),
            Some(_) => Ok(Some("stop")),
        }
    }
}

impl FunctionCall<'_> {
    /// The arguments as text. They are an object; a string, as in OpenAI's protocol, is accepted too.
    pub(super) fn arguments(&self) -> Cow<'_, str> {
        let Some(raw) = self.arguments else { return Cow::Borrowed("{}") };
        serde_json::from_str::<String>(raw.get()).map_or(Cow::Borrowed(raw.get()), Cow::Owned)
    }
}

/// Parses an answer.
pub(super) fn read(answer: &[u8], ids: &CallIds) -> Result<Completion, ProviderError> {
    let read: Answer<'_> = serde_json::from_slice(answer).map_err(|error| malformed("completion", &error))?;
    if read.is_error() {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(provider_error::from_body(&json, &Complaint::from_json(&json, &[])));
    }
    let usage = read.usage();
    let choice = read.choice().ok_or_else(|| broken("the completion has no choices"))?;
    let finish_reason = choice.finish_reason()?;
    let finish_reason = finish_reason.ok_or_else(|| broken("the completion does not say why it ends"))?;
    message(choice.message.unwrap_or_default(), ids).completion(finish_reason, usage)
}

fn message(said: Said<'_>, ids: &CallIds) -> Message {
    let Said { content, reasoning_content, function_call, functions_state_id } = said;
    let call = |call: FunctionCall<'_>| ToolCall {
        id: ids.id(functions_state_id.as_deref()),
        arguments: call.arguments().into_owned(),
        name: call.name,
    };
    Message {
        content: content.unwrap_or_default(),
        reasoning_content: reasoning_content.unwrap_or_default(),
        tool_calls: function_call.map(call).into_iter().collect(),
    }
}
