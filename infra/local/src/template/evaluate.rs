//! Intrinsic functions and dynamic references.

use serde_json::{Map, Value};

use super::error::{Error, Path, Problem};
use super::node::Node;
use super::scope::{Scope, plain_text};
use super::secret;

impl Scope<'_> {
    /// The value of `node`; `None` where it is `AWS::NoValue`, which removes what holds it.
    pub(super) fn evaluate(&self, node: &Node, path: &Path) -> Result<Option<Value>, Error> {
        Ok(Some(match node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::String(text) => Value::String(self.resolve(text.clone(), path)?),
            Node::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.evaluate(item, &path.index(index))?);
                }
                Value::Array(list)
            }
            Node::Map(entries) => {
                let mut map = Map::new();
                for (key, entry) in entries {
                    if let Some(value) = self.evaluate(entry, &path.key(key))? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Node::Call(function, argument) => {
                return match self.call(function, argument, path)? {
                    Some(Value::String(text)) => self.resolve(text, path).map(Value::String).map(Some),
                    other => Ok(other),
                };
            }
        }))
    }

    /// Whether `node` is a condition that holds.
    pub(super) fn is_true(&self, node: &Node, path: &Path) -> Result<bool, Error> {
        match node {
            Node::Call(function, argument) => match (function.as_str(), argument.as_ref()) {
                ("Condition", Node::String(name)) => self.holds(name, path),
                ("Equals", Node::List(pair)) => {
                    let [left, right] = pair.as_slice() else {
                        return Err(self.bad_arguments(path, "Equals", "two values"));
                    };
                    let text = |node| Ok::<_, Error>(self.evaluate(node, path)?.as_ref().and_then(plain_text));
                    Ok(text(left)? == text(right)?)
                }
                ("Not", Node::List(one)) => match one.as_slice() {
                    [condition] => self.is_true(condition, path).map(|holds| !holds),
                    _ => Err(self.bad_arguments(path, "Not", "one condition")),
                },
                ("And", Node::List(all)) => {
                    all.iter().try_fold(true, |holds, condition| Ok(holds && self.is_true(condition, path)?))
                }
                ("Or", Node::List(any)) => {
                    any.iter().try_fold(false, |holds, condition| Ok(holds || self.is_true(condition, path)?))
                }
                _ => Err(self.file.error(path, Problem::UnsupportedFunction(function.clone()))),
            },
            Node::Map(entries) => match entries.as_slice() {
                [(key, Node::String(name))] if key == "Condition" => self.holds(name, path),
                _ => Err(self.file.error(path, Problem::Shape("a condition is expected".to_owned()))),
            },
            _ => Err(self.file.error(path, Problem::Shape("a condition is expected".to_owned()))),
        }
    }

    fn call(&self, function: &str, argument: &Node, path: &Path) -> Result<Option<Value>, Error> {
        match (function, argument) {
            ("Ref", Node::String(name)) => self.reference(name, path),
            ("GetAtt", Node::List(parts)) => match parts.as_slice() {
                [Node::String(resource), Node::String(attribute)] => {
                    self.attribute(resource, attribute, path).map(Some)
                }
                _ => Err(self.bad_arguments(path, "GetAtt", "a resource and an attribute")),
            },
            ("Sub", Node::String(text)) => self.substitute(text, &[], path).map(Some),
            ("Sub", Node::List(parts)) => match parts.as_slice() {
                [Node::String(text)] => self.substitute(text, &[], path).map(Some),
                [Node::String(text), Node::Map(names)] => self.substitute(text, names, path).map(Some),
                _ => Err(self.bad_arguments(path, "Sub", "a string and a map")),
            },
            ("Join", Node::List(parts)) => match parts.as_slice() {
                [Node::String(delimiter), list] => {
                    Ok(Some(Value::String(self.strings("Join", list, path)?.join(delimiter))))
                }
                _ => Err(self.bad_arguments(path, "Join", "a delimiter and a list")),
            },
            ("Split", Node::List(parts)) => match parts.as_slice() {
                [Node::String(delimiter), text] => {
                    Ok(Some(self.text("Split", text, path)?.split(delimiter.as_str()).map(Value::from).collect()))
                }
                _ => Err(self.bad_arguments(path, "Split", "a delimiter and a string")),
            },
            ("Select", Node::List(parts)) => match parts.as_slice() {
                [index, list] => self.select(index, list, path).map(Some),
                _ => Err(self.bad_arguments(path, "Select", "an index and a list")),
            },
            ("If", Node::List(parts)) => match parts.as_slice() {
                [Node::String(condition), yes, no] => {
                    self.evaluate(if self.holds(condition, path)? { yes } else { no }, path)
                }
                _ => Err(self.bad_arguments(path, "If", "a condition's name and two values")),
            },
            ("FindInMap", Node::List(parts)) => self.find_in_map(parts, path).map(Some),
            _ => Err(self.file.error(path, Problem::UnsupportedFunction(function.to_owned()))),
        }
    }

    /// `${Name}`, `${Resource.Attribute}`, `${!Literal}`, and names given on the spot.
    fn substitute(&self, text: &str, names: &[(String, Node)], path: &Path) -> Result<Value, Error> {
        let mut output = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            output.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(self.bad_arguments(path, "Sub", "every ${ to be closed"));
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                output.extend(["${", literal, "}"]);
                continue;
            }
            let value = match (names.iter().find(|(given, _)| given == name), name.split_once('.')) {
                (Some((_, node)), _) => self.evaluate(node, path)?,
                (None, Some((resource, attribute))) => Some(self.attribute(resource, attribute, path)?),
                (None, None) => self.reference(name, path)?,
            };
            let value = value.as_ref().and_then(plain_text);
            output.push_str(&value.ok_or_else(|| self.bad_arguments(path, "Sub", "names of single values"))?);
        }
        output.push_str(rest);
        Ok(Value::String(output))
    }

    fn select(&self, index: &Node, list: &Node, path: &Path) -> Result<Value, Error> {
        let index: Option<usize> =
            self.evaluate(index, path)?.as_ref().and_then(plain_text).and_then(|it| it.parse().ok());
        match self.evaluate(list, path)? {
            Some(Value::Array(mut items)) => match index {
                Some(index) if index < items.len() => Ok(items.swap_remove(index)),
                _ => Err(self.bad_arguments(path, "Select", "an index inside the list")),
            },
            _ => Err(self.bad_arguments(path, "Select", "an index and a list")),
        }
    }

    fn find_in_map(&self, keys: &[Node], path: &Path) -> Result<Value, Error> {
        let [map, first, second] = keys else {
            return Err(self.bad_arguments(path, "FindInMap", "a map and two keys"));
        };
        let keys = [map, first, second].map(|key| self.text("FindInMap", key, path));
        let [map, first, second] = keys;
        let (map, first, second) = (map?, first?, second?);
        let found = self.file.entry("Mappings", &map).and_then(|map| map.get(&first)).and_then(|map| map.get(&second));
        let found =
            found.ok_or_else(|| self.file.error(path, Problem::UnknownName(format!("{map}.{first}.{second}"))))?;
        self.evaluate(found, path).map(Option::unwrap_or_default)
    }

    fn text(&self, function: &'static str, node: &Node, path: &Path) -> Result<String, Error> {
        let value = self.evaluate(node, path)?;
        value.as_ref().and_then(plain_text).ok_or_else(|| self.bad_arguments(path, function, "a string"))
    }

    fn strings(&self, function: &'static str, node: &Node, path: &Path) -> Result<Vec<String>, Error> {
        let Some(Value::Array(items)) = self.evaluate(node, path)? else {
            return Err(self.bad_arguments(path, function, "a list"));
        };
        items
            .iter()
            .map(|it| plain_text(it).ok_or_else(|| self.bad_arguments(path, function, "a list of strings")))
            .collect()
    }

    /// Replaces `{{resolve:service:reference}}`. Only secrets exist locally.
    fn resolve(&self, text: String, path: &Path) -> Result<String, Error> {
        const OPEN: &str = "{{resolve:";
        let Some((before, after)) = text.split_once(OPEN) else { return Ok(text) };
        let (reference, after) = after.split_once("}}").unwrap_or((after, ""));
        let unsupported = || self.file.error(path, Problem::UnsupportedReference(format!("{OPEN}{reference}}}}}")));
        let reference = reference.strip_prefix("secretsmanager:").ok_or_else(unsupported)?;
        let value = secret::resolve(self, reference, path)?.ok_or_else(unsupported)?;
        Ok(format!("{before}{value}{}", self.resolve(after.to_owned(), path)?))
    }

    fn bad_arguments(&self, path: &Path, function: &'static str, expected: &'static str) -> Error {
        self.file.error(path, Problem::Arguments { function, expected })
    }
}
