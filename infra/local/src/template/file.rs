//! Template files: one, and those that it nests.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use serde_yaml_ng::Value as Yaml;

use super::error::{Error, Path, Problem};
use super::loops;
use super::node::Node;

/// Resource types that nest a template, and the property that says where it is.
const NESTING: [(&str, &str); 2] =
    [("AWS::Serverless::Application", "Location"), ("AWS::CloudFormation::Stack", "TemplateURL")];

/// A parsed template and the templates that it nests.
#[derive(Debug)]
pub(super) struct File {
    pub path: PathBuf,
    pub root: Node,
    /// By the logical id of the nesting resource.
    pub nested: BTreeMap<String, File>,
}

impl File {
    pub(super) fn load(path: &FilePath) -> Result<Self, Error> {
        let error = |problem: Problem| Error { file: path.to_owned(), path: "template".to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|cause| error(cause.into()))?;
        let yaml: Yaml = serde_yaml_ng::from_str(&text).map_err(|cause| error(cause.into()))?;
        let root = loops::expand(path, yaml.into())?;
        let mut file = Self { path: path.to_owned(), root, nested: BTreeMap::new() };
        let nested = file.section("Resources").iter().filter_map(|(id, resource)| file.load_nested(id, resource));
        file.nested = nested.collect::<Result<_, _>>()?;
        Ok(file)
    }

    /// The template that a resource nests, if it is one that does.
    fn load_nested(&self, id: &str, resource: &Node) -> Option<Result<(String, Self), Error>> {
        let kind = resource.get("Type")?.as_str()?;
        let (_, property) = NESTING.iter().find(|(name, _)| *name == kind)?;
        let location = resource.get("Properties").and_then(|properties| properties.get(property));
        let Some(location) = location.and_then(Node::as_str) else {
            let problem = Problem::Shape("the location of a nested template must be a file name".to_owned());
            return Some(Err(self.error(&Path::root("Resources").key(id).key(property), problem)));
        };
        let folder = self.path.parent().unwrap_or(FilePath::new(""));
        Some(Self::load(&folder.join(location)).map(|nested| (id.to_owned(), nested)))
    }

    /// The entries of a top-level section; none if the template does not have it.
    pub(super) fn section(&self, name: &str) -> &[(String, Node)] {
        self.root.get(name).map_or(&[], Node::entries)
    }

    /// An entry of a top-level section.
    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&Node> {
        self.root.get(section)?.get(name)
    }

    pub(super) fn error(&self, path: &Path, problem: Problem) -> Error {
        Error { file: self.path.clone(), path: path.to_string(), problem }
    }
}
