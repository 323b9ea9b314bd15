//! What the readers of configuration variables share.

use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use crate::Timeouts;

/// A variable does not have the form it should. Names the variable, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("variable {name} is malformed: {reason}")]
pub struct MalformedVariable {
    /// Which variable.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// A complaint about a variable.
pub(crate) fn malformed(name: &'static str, reason: &impl ToString) -> MalformedVariable {
    MalformedVariable { name, reason: reason.to_string() }
}

/// A variable that a vendor with a key cannot do without.
pub(crate) fn require<'a>(
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<&'a str, MalformedVariable> {
    get(name).ok_or_else(|| malformed(name, &"missing, though the vendor has a key"))
}

/// Puts a value in place of a default, if there is one.
pub(crate) fn replace(default: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        value.clone_into(default);
    }
}

/// A web address.
pub(crate) fn url<'a>(name: &'static str, text: &'a str) -> Result<&'a str, MalformedVariable> {
    let url = Url::parse(text).map_err(|error| malformed(name, &error))?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then_some(text).ok_or_else(|| malformed(name, &"expected an http or https URL"))
}

/// Puts a web address in place of a default, if there is one.
pub(crate) fn replace_url<'a>(
    default: &mut String,
    name: &'static str,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<(), MalformedVariable> {
    if let Some(text) = get(name) {
        url(name, text)?.clone_into(default);
    }
    Ok(())
}

/// `true`, `false`, or `default` where nothing is said.
pub(crate) fn switch<'a>(
    name: &'static str,
    default: bool,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<bool, MalformedVariable> {
    match get(name) {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(malformed(name, &"expected true or false")),
    }
}

/// `connect/first_byte/silence/total` in milliseconds, or `default` where nothing is said.
pub(crate) fn timeouts<'a>(
    name: &'static str,
    default: Timeouts,
    get: impl Fn(&str) -> Option<&'a str>,
) -> Result<Timeouts, MalformedVariable> {
    let Some(text) = get(name) else { return Ok(default) };
    let millis: Result<Vec<_>, _> = text.split('/').map(u64::from_str).collect();
    let millis = millis.map_err(|error| malformed(name, &error))?;
    match *millis.as_slice() {
        [connect, first_byte, silence, total] => Ok(Timeouts {
            connect: Duration::from_millis(connect),
            first_byte: Duration::from_millis(first_byte),
            silence: Duration::from_millis(silence),
            total: Duration::from_millis(total),
        }),
        _ => Err(malformed(name, &"expected connect/first_byte/silence/total in milliseconds")),
    }
}
