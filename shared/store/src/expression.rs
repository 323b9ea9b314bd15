//! Conditions, and the bookkeeping of placeholder names and values that DynamoDB's expressions want.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

/// A condition on one item.
#[derive(Debug, Clone)]
pub struct Condition(Node);

#[derive(Debug, Clone)]
enum Node {
    Exists(&'static str),
    Missing(&'static str),
    Compare(&'static str, &'static str, AttributeValue),
    OneOf(&'static str, Vec<AttributeValue>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// Starts a condition on the attribute `name`.
pub fn attr(name: &'static str) -> Attribute {
    Attribute(name)
}

/// An attribute to be compared; see [`attr`].
#[derive(Debug, Clone, Copy)]
pub struct Attribute(&'static str);

impl Attribute {
    /// The attribute is there.
    pub fn exists(self) -> Condition {
        Condition(Node::Exists(self.0))
    }

    /// The attribute is not there; on `pk`, the item is not there.
    pub fn missing(self) -> Condition {
        Condition(Node::Missing(self.0))
    }

    /// The attribute equals `value`.
    pub fn equals(self, value: impl Serialize) -> Condition {
        self.compare("=", value)
    }

    /// The attribute is there and differs from `value`, or is not there.
    pub fn differs(self, value: impl Serialize) -> Condition {
        self.compare("<>", value)
    }

    /// The attribute is below `value`.
    pub fn less_than(self, value: impl Serialize) -> Condition {
        self.compare("<", value)
    }

    /// The attribute is `value` or more.
    pub fn at_least(self, value: impl Serialize) -> Condition {
        self.compare(">=", value)
    }

    /// The attribute equals one of `values`.
    pub fn one_of<T: Serialize>(self, values: impl IntoIterator<Item = T>) -> Condition {
        Condition(Node::OneOf(self.0, values.into_iter().map(value).collect()))
    }

    fn compare(self, operator: &'static str, operand: impl Serialize) -> Condition {
        Condition(Node::Compare(self.0, operator, value(operand)))
    }
}

impl Condition {
    /// The item is there.
    pub fn item_exists() -> Self {
        attr("pk").exists()
    }

    /// The item is not there.
    pub fn item_missing() -> Self {
        attr("pk").missing()
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Node::All(vec![self.0, other.0]))
    }

    /// At least one holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Node::Any(vec![self.0, other.0]))
    }

    pub(crate) fn render(&self, names: &mut Placeholders) -> String {
        render(&self.0, names)
    }
}

fn render(node: &Node, placeholders: &mut Placeholders) -> String {
    let join = |nodes: &[Node], word: &str, placeholders: &mut Placeholders| {
        let parts: Vec<_> = nodes.iter().map(|node| format!("({})", render(node, placeholders))).collect();
        parts.join(word)
    };
    match node {
        Node::Exists(name) => format!("attribute_exists({})", placeholders.name(name)),
        Node::Missing(name) => format!("attribute_not_exists({})", placeholders.name(name)),
        Node::Compare(name, operator, operand) => {
            format!("{} {operator} {}", placeholders.name(name), placeholders.value(operand.clone()))
        }
        Node::OneOf(name, operands) => {
            let list: Vec<_> = operands.iter().map(|operand| placeholders.value(operand.clone())).collect();
            format!("{} IN ({})", placeholders.name(name), list.join(", "))
        }
        Node::All(nodes) => join(nodes, " AND ", placeholders),
        Node::Any(nodes) => join(nodes, " OR ", placeholders),
    }
}

/// Collects the `#n` names and `:v` values of one request.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// The placeholder of an attribute name. Always one, because many plain words are reserved.
    pub(crate) fn name(&mut self, name: &str) -> String {
        // Attributes that are named by data may have characters that a placeholder cannot.
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let placeholder = if plain { format!("#{name}") } else { format!("#n{}", self.names.len()) };
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of a value.
    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        let mut placeholder = String::from(":");
        // Writing to a string cannot fail.
        let _ = write!(placeholder, "v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Names as the SDK wants them: absent rather than empty.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// Values as the SDK wants them: absent rather than empty.
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// A value as DynamoDB stores it. Only types that DynamoDB can hold are ever passed; anything else becomes NULL, which no condition matches.
pub(crate) fn value(value: impl Serialize) -> AttributeValue {
    serde_dynamo::to_attribute_value(value).unwrap_or(AttributeValue::Null(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_render_with_parentheses_and_placeholders() {
        let mut placeholders = Placeholders::default();
        let condition = attr("status").one_of(["a", "b"]).and(attr("until").missing().or(attr("until").less_than(5)));
        assert_eq!(
            condition.render(&mut placeholders),
            "(#status IN (:v0, :v1)) AND ((attribute_not_exists(#until)) OR (#until < :v2))"
        );
        assert_eq!(placeholders.names().unwrap().len(), 2);
        assert_eq!(placeholders.values().unwrap()[":v2"], AttributeValue::N("5".to_owned()));
    }
}
