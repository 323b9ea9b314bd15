//! Tokens as OpenAI's protocol tells them.

use domain::gateway::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::Count;

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

/// Reads `usage`. Figures that are odd, or told by half, count as not told: they must not cost an answer.
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

/// Reads the tokens read for vectors.
pub(super) fn prompt(json: &RawValue) -> Option<u64> {
    serde_json::from_str::<Told>(json.get()).ok()?.prompt_tokens.0
}

#[cfg(test)]
mod tests {
    use super::*;

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
