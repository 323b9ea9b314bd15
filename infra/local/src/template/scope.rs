//! What names mean inside one template: parameters, pseudo parameters, conditions, resources and the outputs of nested templates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::{Error, Path, Problem};
use super::file::File;
use super::names::{self, Names};
use super::node::Node;
use super::surroundings::Surroundings;

/// Values of parameters, by name.
pub(super) type Parameters = BTreeMap<String, Value>;

/// One template with the values of its parameters.
pub(super) struct Scope<'a> {
    pub file: &'a File,
    pub surroundings: &'a Surroundings<'a>,
    /// Logical ids from the root down to this template.
    pub stack: Vec<String>,
    parameters: Parameters,
    /// Those of nested templates, which go before what this template hands on: `<logical id>.<parameter>`.
    of_nested: Parameters,
}

/// The resource type of a nested template's stack has `Outputs.*` for attributes and none of its own.
const OUTPUTS: &str = "Outputs.";

impl<'a> Scope<'a> {
    /// The root template with the `given` parameters.
    pub(super) fn root(file: &'a File, surroundings: &'a Surroundings<'a>, given: Parameters) -> Result<Self, Error> {
        let is_of_nested = |name: &str| name.split_once('.').is_some_and(|(id, _)| file.nested.contains_key(id));
        let (of_nested, given) = given.into_iter().partition(|(name, _)| is_of_nested(name));
        Ok(Self { of_nested, ..Self::new(file, surroundings, Vec::new(), &given)? })
    }

    fn new(
        file: &'a File,
        surroundings: &'a Surroundings<'a>,
        stack: Vec<String>,
        given: &Parameters,
    ) -> Result<Self, Error> {
        let section = Path::root("Parameters");
        if let Some(unknown) = given.keys().find(|name| file.entry("Parameters", name).is_none()) {
            return Err(file.error(&section.key(unknown), Problem::UnknownParameter));
        }
        let parameters = file
            .section("Parameters")
            .iter()
            .map(|(name, declaration)| {
                let value = parameter(declaration, given.get(name));
                Ok((name.clone(), value.map_err(|problem| file.error(&section.key(name), problem))?))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { file, surroundings, stack, parameters, of_nested: Parameters::new() })
    }

    /// The scope of the template that the resource `id` nests.
    pub(super) fn nested(&self, id: &str) -> Result<Option<Self>, Error> {
        let Some(file) = self.file.nested.get(id) else { return Ok(None) };
        let resources = Path::root("Resources");
        let (resource, properties) = (resources.key(id), "Properties");
        let properties_path = resource.key(properties);
        let path = properties_path.key("Parameters");
        let given =
            self.file.entry("Resources", id).and_then(|it| it.get(properties)).and_then(|it| it.get("Parameters"));
        let given = given.map_or(Ok(None), |given| self.evaluate(given, &path))?;
        let mut given: Parameters = match given {
            None | Some(Value::Null) => Parameters::new(),
            Some(Value::Object(given)) => given.into_iter().collect(),
            Some(_) => return Err(self.file.error(&path, Problem::Shape("parameters must be a map".to_owned()))),
        };
        let own = self.of_nested.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(id)?.strip_prefix('.')?;
            Some((name.to_owned(), value.clone()))
        });
        given.extend(own);
        let mut stack = self.stack.clone();
        stack.push(id.to_owned());
        Self::new(file, self.surroundings, stack, &given).map(Some)
    }

    /// What `Ref` gives for `name`; `None` is `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, path: &Path) -> Result<Option<Value>, Error> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => self.surroundings.region.to_owned(),
            "AWS::AccountId" => self.surroundings.account.to_owned(),
            "AWS::Partition" => names::PARTITION.to_owned(),
            "AWS::URLSuffix" => names::URL_SUFFIX.to_owned(),
            "AWS::StackName" => self.names().stack_name(),
            _ => {
                let (resource, path) = self.resource(name, path)?;
                return self.names().reference(name, resource, self, &path).map(Some);
            }
        };
        Ok(Some(Value::String(text)))
    }

    /// What `GetAtt` gives.
    pub(super) fn attribute(&self, id: &str, attribute: &str, path: &Path) -> Result<Value, Error> {
        let (resource, resource_path) = self.resource(id, path)?;
        if let Some(output) = attribute.strip_prefix(OUTPUTS) {
            let unknown = || self.file.error(path, Problem::UnknownName(format!("{id}.{attribute}")));
            let nested = self.nested(id)?.ok_or_else(unknown)?;
            let outputs = Path::root("Outputs");
            let here = outputs.key(output);
            let declared = nested.file.entry("Outputs", output).ok_or_else(unknown)?;
            if let Some(condition) = declared.get("Condition").and_then(Node::as_str)
                && !nested.holds(condition, &here)?
            {
                return Err(unknown());
            }
            let value = declared.get("Value").ok_or_else(unknown)?;
            return nested.evaluate(value, &here).map(Option::unwrap_or_default);
        }
        self.names().attribute(id, resource, attribute, self, &resource_path).and_then(|value| {
            value.ok_or_else(|| self.file.error(path, Problem::UnknownAttribute(format!("{id}.{attribute}"))))
        })
    }

    /// Whether the condition called `name` holds.
    pub(super) fn holds(&self, name: &str, path: &Path) -> Result<bool, Error> {
        let condition = self.file.entry("Conditions", name);
        let condition = condition.ok_or_else(|| self.file.error(path, Problem::UnknownName(name.to_owned())))?;
        self.is_true(condition, &Path::root("Conditions").key(name))
    }

    /// The names that resources of this template have.
    pub(super) fn names(&self) -> Names<'_> {
        Names { surroundings: self.surroundings, stack: &self.stack }
    }

    fn resource<'b>(&self, id: &'b str, path: &Path) -> Result<(&Node, Path<'b>), Error> {
        const RESOURCES: &Path<'static> = &Path::root("Resources");
        let resource = self.file.entry("Resources", id);
        let resource = resource.ok_or_else(|| self.file.error(path, Problem::UnknownName(id.to_owned())))?;
        Ok((resource, RESOURCES.key(id)))
    }
}

/// The value of a parameter: the given one or its default, as its declaration allows.
///
/// Numbers stay as they are written, because that is how CloudFormation passes them on.
fn parameter(declaration: &Node, given: Option<&Value>) -> Result<Value, Problem> {
    let text = match given {
        Some(value) => plain_text(value),
        None => declaration.get("Default").ok_or(Problem::Missing).map(literal_text)?,
    };
    let text = text.ok_or_else(|| Problem::Shape("a parameter is a string or a number".to_owned()))?;
    let bound = |name: &str| declaration.get(name).and_then(literal_text).and_then(|bound| bound.parse::<f64>().ok());
    if let Some(Node::List(allowed)) = declaration.get("AllowedValues") {
        let allowed: Vec<_> = allowed.iter().filter_map(literal_text).collect();
        if !allowed.contains(&text) {
            return Err(Problem::NotAllowed(format!("one of {}", allowed.join(", "))));
        }
    }
    match declaration.get("Type").and_then(Node::as_str).unwrap_or("String") {
        "String" => Ok(Value::String(text)),
        "Number" => {
            let number: f64 = text.parse().map_err(|_| Problem::NotAllowed("a number".to_owned()))?;
            if let Some(low) = bound("MinValue").filter(|low| number < *low) {
                return Err(Problem::NotAllowed(format!("at least {low}")));
            }
            if let Some(high) = bound("MaxValue").filter(|high| number > *high) {
                return Err(Problem::NotAllowed(format!("at most {high}")));
            }
            Ok(Value::String(text))
        }
        "CommaDelimitedList" => Ok(text.split(',').map(|part| Value::from(part.trim())).collect()),
        other => Err(Problem::Unsupported(format!("a parameter of type {other}"))),
    }
}

fn literal_text(node: &Node) -> Option<String> {
    match node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.to_string()),
        Node::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The text of a value that CloudFormation treats as text wherever it wants one.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
