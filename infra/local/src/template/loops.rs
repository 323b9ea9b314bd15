//! `Fn::ForEach` of the transform `AWS::LanguageExtensions`: repeated parts, written out.
//!
//! As on AWS, a loop's identifier is replaced in the keys of its fragment (`&{Name}` keeps letters and digits only), in the text of `Fn::Sub` and
//! where `Ref` names it; any other text stays. Collections are literal lists.

use std::path::Path as FilePath;

use super::error::{Error, Path, Problem};
use super::node::{LOOP, Node};

const TRANSFORM: &str = "AWS::LanguageExtensions";

/// Identifiers of the loops around a node, and their values.
type Bound = Vec<(String, String)>;

/// The template in `file` with its loops written out.
pub(super) fn expand(file: &FilePath, template: Node) -> Result<Node, Error> {
    let is_declared = match template.get("Transform") {
        Some(Node::List(names)) => names.iter().any(|name| name.as_str() == Some(TRANSFORM)),
        Some(name) => name.as_str() == Some(TRANSFORM),
        None => false,
    };
    let Node::Map(sections) = template else { return Ok(template) };
    let loops = Loops { file, is_declared };
    let sections = sections.into_iter().map(|(name, section)| {
        let section = loops.node(section, &Bound::new(), &Path::root(&name))?;
        Ok((name, section))
    });
    sections.collect::<Result<_, Error>>().map(Node::Map)
}

struct Loops<'a> {
    file: &'a FilePath,
    is_declared: bool,
}

impl Loops<'_> {
    fn node(&self, node: Node, bound: &Bound, path: &Path) -> Result<Node, Error> {
        match node {
            Node::Map(entries) => self.entries(entries, bound, path).map(Node::Map),
            Node::List(items) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, item)| self.node(item, bound, &path.index(index)));
                items.collect::<Result<_, _>>().map(Node::List)
            }
            Node::Call(function, argument) => match (function.as_str(), *argument) {
                ("Ref", Node::String(name)) => Ok(match bound.iter().rfind(|(identifier, _)| *identifier == name) {
                    Some((_, value)) => Node::String(value.clone()),
                    None => Node::Call(function, Box::new(Node::String(name))),
                }),
                ("Sub", Node::String(text)) => Ok(filled(function, &text, bound)),
                ("Sub", Node::List(parts)) => {
                    let parts = parts.into_iter().enumerate().map(|(index, part)| match part {
                        Node::String(text) => Ok(Node::String(substitute(&text, bound))),
                        names => self.node(names, bound, &path.index(index)),
                    });
                    let parts = parts.collect::<Result<_, Error>>()?;
                    Ok(Node::Call(function, Box::new(Node::List(parts))))
                }
                (_, argument) => Ok(Node::Call(function, Box::new(self.node(argument, bound, path)?))),
            },
            other => Ok(other),
        }
    }

    fn entries(&self, entries: Vec<(String, Node)>, bound: &Bound, path: &Path) -> Result<Vec<(String, Node)>, Error> {
        let mut expanded = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let here = path.key(&key);
            if !key.starts_with(LOOP) {
                let value = self.node(value, bound, &here)?;
                expanded.push((key, value));
                continue;
            }
            for (key, value) in self.repeated(value, bound, &here)? {
                if expanded.iter().any(|(known, _)| *known == key) {
                    return Err(self.error(&here, Problem::Shape(format!("{key} is there already"))));
                }
                expanded.push((key, value));
            }
        }
        Ok(expanded)
    }

    /// What one loop produces.
    fn repeated(&self, spec: Node, bound: &Bound, path: &Path) -> Result<Vec<(String, Node)>, Error> {
        if !self.is_declared {
            return Err(self.error(path, Problem::Shape(format!("a loop needs the transform {TRANSFORM}"))));
        }
        let expected = "an identifier, a list of texts and a map";
        let bad = || self.error(path, Problem::Arguments { function: "ForEach", expected });
        let Node::List(parts) = spec else { return Err(bad()) };
        let [Node::String(identifier), Node::List(items), Node::Map(fragment)] = parts.as_slice() else {
            return Err(bad());
        };
        let mut produced = Vec::new();
        for item in items {
            let value = item.as_str().ok_or_else(bad)?.to_owned();
            let mut bound = bound.clone();
            bound.push((identifier.clone(), value));
            let entries = self.entries(fragment.clone(), &bound, path)?;
            produced.extend(entries.into_iter().map(|(key, value)| (substitute_key(&key, &bound), value)));
        }
        Ok(produced)
    }

    fn error(&self, path: &Path, problem: Problem) -> Error {
        Error { file: self.file.to_owned(), path: path.to_string(), problem }
    }
}

/// `Fn::Sub` of a text; the text itself if a loop leaves nothing to fill in, so that it can be a name.
fn filled(function: String, text: &str, bound: &Bound) -> Node {
    let substituted = substitute(text, bound);
    if bound.is_empty() || substituted.contains("${") {
        Node::Call(function, Box::new(Node::String(substituted)))
    } else {
        Node::String(substituted)
    }
}

fn substitute(text: &str, bound: &Bound) -> String {
    bound.iter().rev().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

fn substitute_key(key: &str, bound: &Bound) -> String {
    bound.iter().rev().fold(substitute(key, bound), |key, (name, value)| {
        let alphanumeric: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        key.replace(&format!("&{{{name}}}"), &alphanumeric)
    })
}
