//! Settings from configuration variables.

use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use crate::{Secret, Timeouts};

/// A malformed variable. Names it, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("variable {name} is malformed: {reason}")]
pub struct MalformedVariable {
    pub name: &'static str,
    pub reason: String,
}

/// The error for a variable.
pub(crate) fn malformed(name: &'static str, reason: &impl ToString) -> MalformedVariable {
    MalformedVariable { name, reason: reason.to_string() }
}

/// Reads variables through a function that returns a value unless it is unset or empty.
#[derive(Clone, Copy)]
pub(crate) struct Variables<'f, 'v>(pub(crate) &'f dyn Fn(&str) -> Option<&'v str>);

impl<'v> Variables<'_, 'v> {
    pub(crate) fn get(self, name: &str) -> Option<&'v str> {
        (self.0)(name)
    }

    pub(crate) fn owned(self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(crate) fn secret(self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    /// A variable that a vendor with a key needs.
    pub(crate) fn require(self, name: &'static str) -> Result<&'v str, MalformedVariable> {
        self.get(name).ok_or_else(|| malformed(name, &"missing, though the vendor has a key"))
    }

    /// Replaces a default URL.
    pub(crate) fn url(self, name: &'static str, default: &mut String) -> Result<(), MalformedVariable> {
        if let Some(text) = self.get(name) {
            url(name, text)?.clone_into(default);
        }
        Ok(())
    }

    /// `true`, `false`, or `default` if unset.
    pub(crate) fn switch(self, name: &'static str, default: bool) -> Result<bool, MalformedVariable> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(malformed(name, &"expected true or false")),
        }
    }

    /// A value of a type with few names, if set.
    pub(crate) fn word<T: FromStr<Err: ToString>>(self, name: &'static str) -> Result<Option<T>, MalformedVariable> {
        self.get(name).map(|text| text.parse().map_err(|error| malformed(name, &error))).transpose()
    }

    /// `connect/first_byte/silence/total` in milliseconds, or `default` if unset.
    pub(crate) fn timeouts(self, name: &'static str, default: Timeouts) -> Result<Timeouts, MalformedVariable> {
        let Some(text) = self.get(name) else { return Ok(default) };
        let millis: Result<Vec<_>, _> = text.split('/').map(|part| part.parse().map(Duration::from_millis)).collect();
        match *millis.map_err(|error| malformed(name, &error))?.as_slice() {
            [connect, first_byte, silence, total] => Ok(Timeouts { connect, first_byte, silence, total }),
            _ => Err(malformed(name, &"expected connect/first_byte/silence/total in milliseconds")),
        }
    }
}

/// A web address.
pub(crate) fn url<'a>(name: &'static str, text: &'a str) -> Result<&'a str, MalformedVariable> {
    let url = Url::parse(text).map_err(|error| malformed(name, &error))?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then_some(text).ok_or_else(|| malformed(name, &"expected an http or https URL"))
}
