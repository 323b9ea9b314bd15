//! Usage in OpenAI's protocol.

use domain::gateway::Usage;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Count,
}

/// Parses `usage`. Malformed or incomplete usage counts as none: it must not cost an answer.
pub(super) fn read(json: &RawValue) -> Option<Usage> {
    let told: Told = serde_json::from_str(json.get()).ok()?;
    let (prompt, completion) = (told.prompt_tokens.0?, told.completion_tokens.0?);
    let cached = told.prompt_tokens_details.and_then(|details| details.cached_tokens.0);
    let reasoning = told.completion_tokens_details.and_then(|details| details.reasoning_tokens.0);
    Some(Usage {
        prompt,
        completion,
        // A part cannot be more than the whole.
        cached: cached.unwrap_or_default().min(prompt),
        reasoning: reasoning.unwrap_or_default().min(completion),
    })
}

/// Parses the prompt tokens of embeddings.
pub(super) fn prompt(json: &RawValue) -> Option<u64> {
    serde_json::from_str::<Told>(json.get()).ok()?.prompt_tokens.0
}

/// A count as vendors send it: a JSON number or a string of digits. Anything else counts as absent, so that odd usage
/// costs no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count(pub(super) Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.as_u64().or_else(|| value.as_str()?.parse().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_numbers_or_digits() {
        let read = |json| serde_json::from_str::<Count>(json).unwrap().0;
        assert_eq!(read("12"), Some(12));
        assert_eq!(read("\"12\""), Some(12));
        for odd in ["null", "-1", "1.5", "\"many\"", "\"-1\"", "{}", "[1]"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    fn of(json: &str) -> Option<Usage> {
        read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn details_are_read_where_they_are() {
        let told = of(concat!(
            r#"{"prompt_tokens":20,"completion_tokens":42,"total_tokens":62,"prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0},"#,
            r#""completion_tokens_details":{"reasoning_tokens":7,"accepted_prediction_tokens":0}}"#
        ));
        assert_eq!(told, Some(Usage { prompt: 20, completion: 42, cached: 5, reasoning: 7 }));
        let told = of(
            r#"{"prompt_tokens":2,"completion_tokens":4,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":9}}"#,
        );
        assert_eq!(told, Some(Usage { prompt: 2, completion: 4, cached: 0, reasoning: 4 }));
    }

    #[test]
    fn odd_and_half_told_figures_are_none() {
        for odd in ["{}", "[]", "7", r#"{"prompt_tokens":1}"#, r#"{"prompt_tokens":-1,"completion_tokens":2}"#] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
