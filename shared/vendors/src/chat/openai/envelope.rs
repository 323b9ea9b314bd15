//! The object around choices: a whole answer or a chunk, parsed once; passed-through fields stay raw.

use std::fmt;

use domain::gateway::Fields;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A whole answer or a chunk. `null` counts as absent throughout.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) choices: Option<&'a RawValue>,
    pub(super) usage: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    /// All other fields, except those that the gateway sets.
    pub(super) rest: Fields,
}

impl Envelope<'_> {
    /// Whether this is an error in place of an answer: `{error: …}`, or `{message, code}` from some servers.
    pub(super) fn is_error(&self) -> bool {
        self.error.is_some() || (self.choices.is_none() && self.rest.get("message").is_some())
    }
}

/// A field by its use. Only names that are passed through are copied.
enum Name {
    Choices,
    Usage,
    Error,
    Dropped,
    Rest(String),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(match name {
                    "choices" => Name::Choices,
                    "usage" => Name::Usage,
                    "error" => Name::Error,
                    // The gateway has its own ids and model names; obfuscation pads the vendor's own stream.
                    "id" | "object" | "created" | "model" | "obfuscation" => Name::Dropped,
                    name => Name::Rest(name.to_owned()),
                })
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(name) = map.next_key()? {
                    match name {
                        Name::Choices => envelope.choices = map.next_value()?,
                        Name::Usage => envelope.usage = map.next_value()?,
                        Name::Error => envelope.error = map.next_value()?,
                        Name::Dropped => drop(map.next_value::<IgnoredAny>()?),
                        Name::Rest(name) => {
                            if let Some(value) = map.next_value::<Option<&RawValue>>()? {
                                envelope.rest.set(&name, value.to_owned());
                            }
                        }
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_on_stays_as_it_was_written() {
        let envelope: Envelope<'_> = serde_json::from_str(concat!(
            r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices": [ {"a" : 1.50} ] ,"usage":null,"#,
            r#""service_tier":"default","system_fingerprint":null,"obfuscation":"xyz","citations":[1, 2]}"#
        ))
        .unwrap();
        assert_eq!(envelope.choices.unwrap().get(), r#"[ {"a" : 1.50} ]"#);
        assert!(envelope.usage.is_none() && !envelope.is_error());
        assert_eq!(serde_json::to_string(&envelope.rest).unwrap(), r#"{"service_tier":"default","citations":[1, 2]}"#);
    }

    #[test]
    fn errors_are_told_from_answers() {
        let is_error = |json| serde_json::from_str::<Envelope<'_>>(json).unwrap().is_error();
        assert!(is_error(r#"{"error":{"message":"m"}}"#) && is_error(r#"{"error":"m","choices":[]}"#));
        assert!(is_error(r#"{"object":"error","message":"m","code":500}"#));
        assert!(!is_error(r#"{"error":null,"choices":[],"message":"m"}"#) && !is_error("{}"));
    }
}
