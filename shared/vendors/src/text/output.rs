//! A text as it grows, and what is told about it at the end.

use domain::generation::text::{OnText, TextError, TextOutput, TextRequest, Tokens};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The text so far. Every piece goes to the caller as it is added.
pub(super) struct Draft<'a> {
    text: String,
    on_text: OnText<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(on_text: OnText<'a>) -> Self {
        Self { text: String::new(), on_text }
    }

    /// Adds a piece and gives it out; an empty one is nothing.
    pub(super) fn push(&mut self, piece: &str) {
        if !piece.is_empty() {
            self.text.push_str(piece);
            (self.on_text)(piece);
        }
    }

    /// Everything given out so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text, finished.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// How a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself.
    Whole,
    /// At the limit of tokens.
    Truncated,
}

/// What one message of a stream came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more.
    More,
    /// The vendor ended the stream.
    Done,
    /// The stream ended without a word.
    StreamEnded,
}

/// Whether `step` was the last one, given whether the vendor has said that the text is finished.
///
/// What fails after that costs at most the usage figures, so it just ends the stream; only a refusal still counts.
/// Before that, the end of the stream is a failure.
pub(super) fn is_last(step: Result<Step, TextError>, finished: bool) -> Result<bool, TextError> {
    match step {
        Ok(Step::More) => Ok(false),
        Ok(Step::Done) => Ok(true),
        Err(TextError::ContentRefused) => Err(TextError::ContentRefused),
        Ok(Step::StreamEnded) | Err(_) if finished => Ok(true),
        Ok(Step::StreamEnded) => Err(TextError::Broken("the stream ended before the text".to_owned())),
        Err(error) => Err(error),
    }
}

/// Tokens as the vendor told them, or did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
}

/// The answer to a request. A blank text is a failure; half-told usage counts as not told.
pub(super) fn output(
    request: &TextRequest,
    text: String,
    usage: Usage,
    ending: Ending,
) -> Result<TextOutput, TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Broken(format!("the answer is empty ({ending:?})")));
    }
    let tokens = match (usage.input, usage.output) {
        (Some(input), Some(output)) => Tokens { input, output, estimated: false },
        _ => Tokens::estimate(request, &text),
    };
    Ok(TextOutput { text, tokens, truncated: ending == Ending::Truncated })
}

/// A count as vendors send it: a JSON number or a string of digits. Anything else counts as not told, so that odd usage
/// figures cost no text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.as_u64().or_else(|| value.as_str()?.parse().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> TextRequest {
        TextRequest { system: "abc".to_owned(), prompt: "абвг".to_owned(), max_output_tokens: 10, temperature: 0.5 }
    }

    #[test]
    fn counts_are_numbers_or_digits() {
        let read = |json| serde_json::from_str::<Count>(json).unwrap().0;
        assert_eq!(read("12"), Some(12));
        assert_eq!(read("\"12\""), Some(12));
        for odd in ["null", "-1", "1.5", "\"many\"", "\"-1\"", "{}", "[1]"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn half_told_usage_is_estimated() {
        let told = Usage { input: Some(7), output: None };
        let answer = output(&request(), "abcd".to_owned(), told, Ending::Whole).unwrap();
        assert_eq!(answer.tokens, Tokens { input: 3, output: 2, estimated: true });
    }

    #[test]
    fn blank_text_is_a_failure() {
        assert!(matches!(
            output(&request(), " \n".to_owned(), Usage::default(), Ending::Whole),
            Err(TextError::Broken(_))
        ));
    }
}
