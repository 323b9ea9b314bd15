//! Configuration variables, looked up by name and parsed once at start.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

/// A function's variables: the process environment on Lambda, a map per function in the local stack and in tests.
#[derive(Debug, Clone, Default)]
pub struct Vars(HashMap<String, String>);

/// A variable that stops the start. Names the variable, never its value: values can be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set, or empty.
    #[error("variable {0} is missing")]
    Missing(String),
    /// A variable does not have the form it should.
    #[error("variable {name} is malformed: {reason}")]
    Malformed {
        /// Which variable.
        name: String,
        /// What is wrong with it, without its value.
        reason: String,
    },
}

impl Vars {
    /// The process environment.
    pub fn from_env() -> Self {
        Self(std::env::vars().collect())
    }

    /// The value of `name`, unless it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of `name`, which must be set.
    pub fn require(&self, name: &str) -> Result<&str, ConfigError> {
        self.get(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// The value of `name`, which must be set and parse.
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, ConfigError> {
        self.require(name)?.parse().map_err(|error: T::Err| malformed(name, &error))
    }

    /// The value of `name`, which must parse if it is set.
    pub fn parse_optional<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, ConfigError> {
        self.get(name).map(|value| value.parse().map_err(|error: T::Err| malformed(name, &error))).transpose()
    }
}

/// The error of a variable whose value has the wrong form.
pub fn malformed(name: &str, reason: &impl Display) -> ConfigError {
    ConfigError::Malformed { name: name.to_owned(), reason: reason.to_string() }
}

impl IntoIterator for Vars {
    type Item = (String, String);
    type IntoIter = std::collections::hash_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(String, String)> for Vars {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
