//! OpenAI's response objects, with cost and provider.

use domain::aggregator::{AnsweredBy, Charge, dollars};
use domain::gateway::{Completion, Embeddings, Fields, Usage};
use domain::kernel::{Amount, Error, Result};
use edge::Exact;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::Number;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(crate) struct UsageView {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt,
            completion_tokens: usage.completion,
            total_tokens: usage.total(),
            prompt_tokens_details: (usage.cached > 0).then_some(PromptDetails { cached_tokens: usage.cached }),
            completion_tokens_details: (usage.reasoning > 0)
                .then_some(CompletionDetails { reasoning_tokens: usage.reasoning }),
        }
    }
}

/// An amount as a JSON number of dollars that is exactly it, digit by digit.
fn money(amount: Amount) -> Exact {
    Exact::new(dollars(amount))
}

/// `id` of a chat completion.
pub(crate) fn chat_id(by: &AnsweredBy) -> String {
    format!("chatcmpl-{}", by.operation.as_simple())
}

/// `chat.completion`
pub(crate) struct CompletionView<'a> {
    pub(crate) by: &'a AnsweredBy,
    pub(crate) completion: &'a Completion,
    pub(crate) charge: Charge,
}

impl Serialize for CompletionView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &chat_id(self.by))?;
        map.serialize_entry("object", "chat.completion")?;
        map.serialize_entry("created", &self.by.created.as_second())?;
        map.serialize_entry("model", &self.by.model)?;
        map.serialize_entry("choices", &self.completion.choices)?;
        map.serialize_entry("usage", &UsageView::from(self.charge.usage))?;
        for (name, value) in self.completion.rest.iter() {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("cost", &money(self.charge.cost))?;
        map.serialize_entry("provider", &self.by.provider)?;
        map.end()
    }
}

/// `chat.completion.chunk`
pub(crate) struct ChunkView<'a> {
    pub(crate) id: &'a str,
    pub(crate) by: &'a AnsweredBy,
    pub(crate) choices: Option<&'a RawValue>,
    pub(crate) rest: Option<&'a Fields>,
    /// Only in the last chunk of the choices.
    pub(crate) charge: Option<Charge>,
    pub(crate) usage: UsageField,
}

/// `usage` of a chunk.
pub(crate) enum UsageField {
    /// Not requested.
    Absent,
    /// Not known yet.
    Null,
    Told(Charge),
}

impl Serialize for ChunkView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("object", "chat.completion.chunk")?;
        map.serialize_entry("created", &self.by.created.as_second())?;
        map.serialize_entry("model", &self.by.model)?;
        match self.choices {
            Some(choices) => map.serialize_entry("choices", choices)?,
            None => map.serialize_entry("choices", &[(); 0])?,
        }
        match self.usage {
            UsageField::Absent => {}
            UsageField::Null => map.serialize_entry("usage", &())?,
            UsageField::Told(charge) => map.serialize_entry("usage", &UsageView::from(charge.usage))?,
        }
        for (name, value) in self.rest.into_iter().flat_map(Fields::iter) {
            map.serialize_entry(name, value)?;
        }
        if let Some(charge) = self.charge {
            map.serialize_entry("cost", &money(charge.cost))?;
            map.serialize_entry("provider", &self.by.provider)?;
        }
        map.end()
    }
}

/// `list` of embeddings.
#[derive(Serialize)]
pub(crate) struct EmbeddingsView<'a> {
    object: &'static str,
    data: &'a RawValue,
    model: &'a str,
    usage: EmbeddingUsage,
    cost: Exact,
    provider: &'a str,
}

#[derive(Serialize)]
struct EmbeddingUsage {
    prompt_tokens: Number,
    total_tokens: Number,
}

impl<'a> EmbeddingsView<'a> {
    pub(crate) fn new(by: &'a AnsweredBy, embeddings: &'a Embeddings, charge: Charge) -> Self {
        let tokens = Number::from(charge.usage.prompt);
        Self {
            object: "list",
            data: &embeddings.data,
            model: &by.model,
            usage: EmbeddingUsage { prompt_tokens: tokens.clone(), total_tokens: tokens },
            cost: money(charge.cost),
            provider: &by.provider,
        }
    }
}

pub(crate) fn json(view: &impl Serialize) -> Result<String> {
    serde_json::to_string(view).map_err(|error| Error::internal("answer of a chat", error))
}
