//! Why a template cannot be used, and where.

use std::fmt;
use std::path::PathBuf;

/// A place in a template that the local stack cannot use.
#[derive(Debug, thiserror::Error)]
#[error("{}: {path}: {problem}", file.display())]
pub struct Error {
    /// The template.
    pub file: PathBuf,
    /// Where in it, such as `Resources.Table.Properties.KeySchema`.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is not there or not readable.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not YAML.
    #[error("is not YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// A property that the local stack needs is not there.
    #[error("is missing")]
    Missing,
    /// A value has another shape than it must.
    #[error("has the wrong shape: {0}")]
    Shape(String),
    /// An intrinsic function that is not supported.
    #[error("uses {0}, which the local stack does not support")]
    UnsupportedFunction(String),
    /// An intrinsic function with arguments that it does not take.
    #[error("calls {function} with the wrong arguments: {expected}")]
    Arguments {
        /// Which function.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A name that is neither a parameter nor a resource.
    #[error("refers to {0}, which does not exist")]
    UnknownName(String),
    /// An attribute that the resource does not have locally.
    #[error("needs {0}, which has no local counterpart")]
    UnknownAttribute(String),
    /// A `{{resolve:...}}` that is not supported.
    #[error("uses the dynamic reference {0}, which the local stack does not support")]
    UnsupportedReference(String),
    /// A resource type that the local stack neither serves nor knows to ignore.
    #[error("has the type {0}, which the local stack neither serves nor ignores")]
    UnsupportedResource(String),
    /// Something that exists on AWS but not here.
    #[error("asks for {0}, which the local stack does not support")]
    Unsupported(String),
    /// A parameter value that its declaration does not allow.
    #[error("must be {0}")]
    NotAllowed(String),
    /// A parameter was given that the template does not declare.
    #[error("is not a parameter of this template")]
    UnknownParameter,
    /// The secret store failed.
    #[error(transparent)]
    Secret(#[from] crate::secrets::Error),
}

/// A path into a template, built while walking down and rendered only for errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const fn root(section: &'a str) -> Self {
        Self { parent: None, segment: Segment::Key(section) }
    }

    pub(super) const fn key<'b>(&'b self, key: &'b str) -> Path<'b> {
        Path { parent: Some(self), segment: Segment::Key(key) }
    }

    pub(super) const fn index(&self, index: usize) -> Path<'_> {
        Path { parent: Some(self), segment: Segment::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.segment {
            Segment::Key(key) if self.parent.is_some() => write!(f, ".{key}"),
            Segment::Key(key) => f.write_str(key),
            Segment::Index(index) => write!(f, "[{index}]"),
        }
    }
}
