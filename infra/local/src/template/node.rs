//! Template text as a tree in which both spellings of an intrinsic function, `!Sub` and `Fn::Sub`, are the same thing.

use serde_json::{Map, Number, Value};
use serde_yaml_ng::Value as Yaml;

/// What the keys of loops begin with. They are calls by name only: what they produce stands beside other entries.
pub(super) const LOOP: &str = "Fn::ForEach::";

/// A part of a template, not evaluated yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
    /// An intrinsic function, by its short name (`Ref`, `Sub`), and its argument.
    Call(String, Box<Node>),
}

impl Node {
    /// The value at `key`, if this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of a map; none for anything else.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a literal string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<Yaml> for Node {
    fn from(yaml: Yaml) -> Self {
        match yaml {
            Yaml::Null => Self::Null,
            Yaml::Bool(value) => Self::Bool(value),
            Yaml::Number(number) => {
                let integer = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
                let number = integer.or_else(|| number.as_f64().and_then(Number::from_f64));
                number.map_or(Self::Null, Self::Number)
            }
            Yaml::String(text) => Self::String(text),
            Yaml::Sequence(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Yaml::Mapping(entries) => {
                let mut entries: Vec<_> =
                    entries.into_iter().map(|(key, value)| (text_of(key), value.into())).collect();
                match entries.as_mut_slice() {
                    [(key, argument)] if is_call(key) => {
                        let argument = std::mem::replace(argument, Self::Null);
                        Self::call(key.strip_prefix("Fn::").unwrap_or(key), argument)
                    }
                    _ => Self::Map(entries),
                }
            }
            Yaml::Tagged(tagged) => {
                let tag = tagged.tag.to_string();
                Self::call(tag.trim_start_matches('!'), tagged.value.into())
            }
        }
    }
}

impl Node {
    /// `!GetAtt A.B` and `Fn::GetAtt: [A, B]` become the same list.
    fn call(name: &str, argument: Self) -> Self {
        let argument = match argument {
            Self::String(text) if name == "GetAtt" => {
                let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
                Self::List(vec![Self::String(resource.to_owned()), Self::String(attribute.to_owned())])
            }
            other => other,
        };
        Self::Call(name.to_owned(), Box::new(argument))
    }
}

/// `!Ref X` becomes `{"Ref": "X"}`, and `!GetAtt X.Y` `{"GetAtt": "X.Y"}`.
impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Number(number) => Self::Number(number.clone()),
            Node::String(text) => Self::String(text.clone()),
            Node::List(items) => items.iter().map(Self::from).collect(),
            Node::Map(entries) => {
                Self::Object(entries.iter().map(|(key, entry)| (key.clone(), entry.into())).collect())
            }
            Node::Call(function, argument) => {
                let argument = match argument.as_ref() {
                    Node::List(parts) if function == "GetAtt" => {
                        Self::String(parts.iter().filter_map(Node::as_str).collect::<Vec<_>>().join("."))
                    }
                    other => other.into(),
                };
                Self::Object(Map::from_iter([(function.clone(), argument)]))
            }
        }
    }
}

/// Whether a map with this one key is a call in its long form. `Condition` is one too, but only inside conditions: elsewhere it is a plain
/// key, of policies for example.
fn is_call(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::") && !key.starts_with(LOOP)
}

/// The key of a map. Templates write account numbers and ports as bare numbers.
fn text_of(key: Yaml) -> String {
    match key {
        Yaml::String(text) => text,
        Yaml::Number(number) => number.to_string(),
        Yaml::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(yaml: &str) -> Node {
        serde_yaml_ng::from_str::<Yaml>(yaml).unwrap().into()
    }

    #[test]
    fn short_and_long_forms_are_the_same() {
        assert_eq!(node("!Ref Table"), node("Ref: Table"));
        assert_eq!(node("!Sub '${A}'"), node("Fn::Sub: '${A}'"));
        assert_eq!(node("!GetAtt Table.Arn"), node("Fn::GetAtt: [Table, Arn]"));
        assert_eq!(node("!GetAtt Nested.Outputs.Url"), node("Fn::GetAtt: [Nested, Outputs.Url]"));
        assert_eq!(node("!If [A, !Ref B, c]"), node("Fn::If: [A, {Ref: B}, c]"));
    }

    #[test]
    fn a_condition_of_a_policy_stays_a_plain_key() {
        assert_eq!(node("Condition: x").get("Condition").and_then(Node::as_str), Some("x"));
    }
}
