//! The rules for what customers give.

use std::collections::BTreeSet;

use super::signature::{STANDARD_PREFIX, standard_key};
use super::{EgressPolicy, SecretChoice, url};
use crate::kernel::{Error, Result, Violation};

/// What the caller gave for an endpoint, checked: all that is wrong with it is told at once.
pub(super) struct Checked {
    pub(super) url: Option<String>,
    pub(super) events: Option<Vec<String>>,
}

/// Checks what is there of an address, events and a secret.
pub(super) fn check(
    (url, events, secret): (Option<&str>, Option<&[String]>, Option<&SecretChoice>),
    allowed: &[&str],
    egress: EgressPolicy,
) -> Result<Checked> {
    let mut violations = Vec::new();
    let url = url.map(|given| url::check(given, egress)).transpose();
    let events = events.map(|given| check_events(given, allowed)).transpose();
    if let Some(SecretChoice::Given(secret)) = secret {
        violations.extend(check_secret(secret.expose()));
    }
    match (url, events) {
        (Ok(url), Ok(events)) if violations.is_empty() => Ok(Checked { url, events }),
        (url, events) => {
            violations.splice(0..0, [url.err(), events.err()].into_iter().flatten());
            Err(Error::Invalid(violations))
        }
    }
}

fn check_events(given: &[String], allowed: &[&str]) -> Result<Vec<String>, Violation> {
    let wrong = |code, message: String| Err(Violation { field: "events".to_owned(), code, message });
    if given.is_empty() {
        return wrong("required", "Укажите хотя бы одно событие".to_owned());
    }
    if given.iter().any(|event| !allowed.contains(&event.as_str())) {
        return wrong("not_allowed", format!("Такого события нет. Есть: {}", allowed.join(", ")));
    }
    let mut seen = BTreeSet::new();
    Ok(given.iter().filter(|event| seen.insert(*event)).cloned().collect())
}

fn check_secret(secret: &str) -> Option<Violation> {
    let wrong = |code, message: &str| Some(Violation { field: "secret".to_owned(), code, message: message.to_owned() });
    if !(8..=256).contains(&secret.chars().count()) {
        return wrong("length", "Секрет должен быть длиной от 8 до 256 символов");
    }
    if secret.chars().any(char::is_control) {
        return wrong("format", "В секрете есть непечатаемые символы");
    }
    // Who spells the prefix means a key in base64; the standard's libraries refuse anything else.
    if secret.starts_with(STANDARD_PREFIX) && standard_key(secret).is_none_or(|key| !(24..=64).contains(&key.len())) {
        return wrong("format", "После whsec_ должны идти от 24 до 64 байт в base64");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["payment.succeeded", "payment.failed"];

    fn given(secret: &str) -> SecretChoice {
        SecretChoice::Given(secret.to_owned().into())
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let events = ["payment.exploded".to_owned()];
        let secret = given("short");
        let result = check((Some("ftp://x.example"), Some(&events), Some(&secret)), ALLOWED, EgressPolicy::Internet);
        let Err(Error::Invalid(violations)) = result else { panic!("refused") };
        let words: Vec<_> = violations.iter().map(|wrong| (wrong.field.as_str(), wrong.code)).collect();
        assert_eq!(words, [("url", "scheme"), ("events", "not_allowed"), ("secret", "length")]);
        assert!(check((None, Some(&[]), None), ALLOWED, EgressPolicy::Internet).is_err());
    }

    #[test]
    fn events_are_kept_once_each() {
        let events = ["payment.failed", "payment.succeeded", "payment.failed"].map(str::to_owned);
        let checked = check((None, Some(&events), None), ALLOWED, EgressPolicy::Internet).unwrap();
        assert_eq!(checked.events.unwrap(), ["payment.failed", "payment.succeeded"]);
    }

    #[test]
    fn secrets_are_printable_and_a_standard_one_is_base64() {
        let code = |secret: &str| check_secret(secret).map(|violation| violation.code);
        for secret in [
            "12345678",
            "your-webhook-secret",
            "секрет-из-букв",
            &"x".repeat(256),
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(code(secret), None, "{secret}");
        }
        for (secret, expected) in [
            ("1234567", "length"),
            (&*"x".repeat(257), "length"),
            ("12345678\n", "format"),
            ("whsec_not base64", "format"),
            ("whsec_c2hvcnQ=", "format"),
        ] {
            assert_eq!(code(secret), Some(expected), "{secret:?}");
        }
    }
}
