//! Reads `template.yaml` and the templates that it nests: the part of CloudFormation and SAM that this repository uses.
//!
//! A template that uses something else is an error that names file and path, never a silent difference from AWS. Only resource types that
//! have no local counterpart are ignored.
//!
//! - `file`, `node`, `loops`: YAML to a tree, with loops written out.
//! - `scope`, `names`, `evaluate`, `secret`: what names and intrinsic functions mean.
//! - `read`, [`model`]: what is left when all of that is evaluated.

mod error;
mod evaluate;
mod file;
mod loops;
pub mod model;
mod names;
mod node;
mod read;
mod scope;
mod secret;
mod surroundings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use self::error::{Error, Problem};
pub use self::model::Model;
pub use self::surroundings::Surroundings;

/// A template whose parameters have no values yet.
#[derive(Debug)]
pub struct Template {
    file: file::File,
}

impl Template {
    /// Reads the template at `path` and those that it nests.
    pub fn load(path: &Path) -> Result<Self, Error> {
        file::File::load(path).map(|file| Self { file })
    }

    /// The template's text as a tree, with loops written out and nothing evaluated: `!Ref X` is `{"Ref": "X"}`.
    pub fn tree(&self) -> serde_json::Value {
        (&self.file.root).into()
    }

    /// The names of the parameters that the template takes.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.file.section("Parameters").iter().map(|(name, _)| name.as_str())
    }

    /// What the template asks for with these `parameters`; those that are not given have their defaults. One of a template that it nests,
    /// `<logical id>.<parameter>`, goes before what the root hands on to that.
    pub fn evaluate(&self, surroundings: &Surroundings, parameters: &BTreeMap<String, String>) -> Result<Model, Error> {
        let given = parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let scope = scope::Scope::root(&self.file, surroundings, given)?;
        let mut model = Model::default();
        read::read(&scope, &mut model)?;
        // A queue must exist before another one can name it for its dead letters.
        model.queues.sort_by_key(|queue| queue.attributes.contains_key("RedrivePolicy"));
        Ok(model)
    }
}
