//! Counts in choices, which are passed through unparsed otherwise.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Counts of the choices of an answer or a chunk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) choices: usize,
    /// Bytes of text: contents, refusals, reasoning, names and arguments of calls.
    pub(super) written: u64,
    /// A bit for the index of each choice with a finish reason.
    pub(super) finished: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: Option<u32>,
    delta: Option<Said>,
    message: Option<Said>,
    /// Servers that send "" mean null.
    finish_reason: Length,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    content: Length,
    refusal: Length,
    /// Reasoning has two names; a server that sends both sends the same text twice.
    reasoning_content: Length,
    reasoning: Length,
    tool_calls: Option<Vec<ToolCall>>,
    function_call: Option<Called>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToolCall {
    function: Option<Called>,
    /// A tool whose input is free text.
    custom: Option<Called>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Called {
    name: Length,
    arguments: Length,
    input: Length,
}

impl Said {
    fn written(&self) -> u64 {
        let calls = self.tool_calls.iter().flatten().flat_map(|call| [&call.function, &call.custom]);
        let called: u64 = calls.chain([&self.function_call]).flatten().map(Called::written).sum();
        self.content.0 + self.refusal.0 + self.reasoning_content.0.max(self.reasoning.0) + called
    }
}

impl Called {
    fn written(&self) -> u64 {
        self.name.0 + self.arguments.0 + self.input.0
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choices;
        impl<'de> Visitor<'de> for Choices {
            type Value = Tally;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("choices")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Tally, A::Error> {
                let mut tally = Tally::default();
                while let Some(choice) = all.next_element::<Choice>()? {
                    tally.choices += 1;
                    tally.written += [choice.delta, choice.message].iter().flatten().map(Said::written).sum::<u64>();
                    if choice.finish_reason.0 > 0 {
                        tally.finished |= 1_u32.checked_shl(choice.index.unwrap_or_default()).unwrap_or_default();
                    }
                }
                Ok(tally)
            }
        }
        deserializer.deserialize_seq(Choices)
    }
}

/// Bytes of text in a value at any depth, without field names and types of parts. Nothing is stored.
#[derive(Default)]
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Length(0))
    }
}

impl<'de> Visitor<'de> for Length {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self, E> {
        Ok(Self(text.len() as u64))
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<Self, A::Error> {
        while let Some(Self(length)) = all.next_element()? {
            self.0 += length;
        }
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(IsKind(is_kind)) = map.next_key()? {
            if is_kind {
                map.next_value::<IgnoredAny>()?;
            } else {
                self.0 += map.next_value::<Self>()?.0;
            }
        }
        Ok(self)
    }
}

/// Whether a field is `type`.
struct IsKind(bool);

impl<'de> Deserialize<'de> for IsKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = IsKind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<IsKind, E> {
                Ok(IsKind(name == "type"))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Tally {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn texts_are_counted_in_bytes_once_unescaped() {
        assert_eq!(of(r#"[{"index":0,"delta":{"content":"Прив\u0435т\n"},"finish_reason":null}]"#).written, 13);
        assert_eq!(
            of(r#"[{"message":{"content":"ab","refusal":"c","reasoning_content":"defg","reasoning":"defg"}}]"#).written,
            7
        );
        let calls = r#"[{"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":"{\"a\":1}"}},
            {"custom":{"name":"n","input":"xyz"}}],"function_call":{"name":"f","arguments":"{}"}}}]"#;
        assert_eq!(of(calls).written, 3 + 7 + 4 + 3);
        assert_eq!(
            of(r#"[{"delta":{"content":[{"type":"text","text":"abc"},{"type":"image","n":1.5,"b":true}]}}]"#).written,
            3
        );
    }

    #[test]
    fn finished_choices_are_told_apart_by_index() {
        let tally = of(
            r#"[{"index":2,"finish_reason":"stop"},{"index":0,"finish_reason":""},{"finish_reason":null},{"index":99,"finish_reason":"stop"}]"#,
        );
        assert_eq!((tally.choices, tally.finished), (4, 0b100));
        assert_eq!(of("[]"), Tally::default());
    }

    #[test]
    fn what_is_no_list_of_objects_is_refused() {
        for odd in ["{}", "7", "[7]", "[{\"delta\":7}]", "[{\"index\":-1}]"] {
            assert!(serde_json::from_str::<Tally>(odd).is_err(), "{odd}");
        }
    }
}
