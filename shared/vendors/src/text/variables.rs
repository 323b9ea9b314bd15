//! The text vendors' settings from configuration variables.

use std::str::FromStr;
use std::time::Duration;

use super::{AnthropicSettings, GigaChatSettings, LimitField, OpenAiSettings, TextVendorsSettings, YandexGptSettings};
use crate::{Secret, Timeouts};

/// A variable does not have the form it should. Names the variable, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("variable {name} is malformed: {reason}")]
pub struct MalformedVariable {
    /// Which variable.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl TextVendorsSettings {
    /// Reads the settings through `get`, which gives a variable's value unless it is unset or empty.
    ///
    /// A vendor is configured when its key is set: `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GIGACHAT_AUTHORIZATION_KEY`, `YANDEXGPT_API_KEY`. It
    /// then needs its model (`*_MODEL`; YandexGPT also `YANDEXGPT_FOLDER`; GigaChat also `GIGACHAT_SCOPE`) and may have another address
    /// (`*_BASE_URL`, `GIGACHAT_AUTH_URL`). `OPENAI_TOKEN_LIMIT_FIELD` is `max_completion_tokens` or `max_tokens`; `GIGACHAT_ROOT_CA` is PEM.
    /// `OPENAI_SEND_TEMPERATURE` and `ANTHROPIC_SEND_TEMPERATURE` are `false` for models that reject a temperature.
    /// `TEXT_TIMEOUTS` is `connect/first_byte/silence/total` in milliseconds, for all vendors.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str> + Copy) -> Result<Self, MalformedVariable> {
        let require = |name: &'static str| {
            get(name)
                .ok_or_else(|| MalformedVariable { name, reason: "missing, though the vendor has a key".to_owned() })
        };
        let timeouts = match get(TIMEOUTS) {
            Some(text) => parse_timeouts(text)?,
            None => Timeouts::default(),
        };
        let mut settings = Self::default();
        if let Some(key) = get("OPENAI_API_KEY") {
            let mut openai = OpenAiSettings::new(Secret::new(key), require("OPENAI_MODEL")?);
            replace(&mut openai.base_url, get("OPENAI_BASE_URL"));
            openai.limit_field = parse_limit_field(get("OPENAI_TOKEN_LIMIT_FIELD"))?;
            openai.send_temperature = parse_switch("OPENAI_SEND_TEMPERATURE", get)?;
            settings.openai = Some(OpenAiSettings { timeouts, ..openai });
        }
        if let Some(key) = get("ANTHROPIC_API_KEY") {
            let mut anthropic = AnthropicSettings::new(Secret::new(key), require("ANTHROPIC_MODEL")?);
            replace(&mut anthropic.base_url, get("ANTHROPIC_BASE_URL"));
            anthropic.send_temperature = parse_switch("ANTHROPIC_SEND_TEMPERATURE", get)?;
            settings.anthropic = Some(AnthropicSettings { timeouts, ..anthropic });
        }
        if let Some(key) = get("GIGACHAT_AUTHORIZATION_KEY") {
            let scope = require("GIGACHAT_SCOPE")?
                .parse()
                .map_err(|error: super::UnknownScope| malformed("GIGACHAT_SCOPE", &error))?;
            let mut gigachat = GigaChatSettings::new(Secret::new(key), scope, require("GIGACHAT_MODEL")?);
            replace(&mut gigachat.base_url, get("GIGACHAT_BASE_URL"));
            replace(&mut gigachat.auth_url, get("GIGACHAT_AUTH_URL"));
            gigachat.root_certificates = get("GIGACHAT_ROOT_CA").map(str::to_owned);
            settings.gigachat = Some(GigaChatSettings { timeouts, ..gigachat });
        }
        if let Some(key) = get("YANDEXGPT_API_KEY") {
            let model = format!("gpt://{}/{}", require("YANDEXGPT_FOLDER")?, require("YANDEXGPT_MODEL")?);
            let mut yandexgpt = YandexGptSettings::new(Secret::new(key), model);
            replace(&mut yandexgpt.base_url, get("YANDEXGPT_BASE_URL"));
            settings.yandexgpt = Some(YandexGptSettings { timeouts, ..yandexgpt });
        }
        Ok(settings)
    }
}

const TIMEOUTS: &str = "TEXT_TIMEOUTS";

fn malformed(name: &'static str, reason: &impl ToString) -> MalformedVariable {
    MalformedVariable { name, reason: reason.to_string() }
}

fn replace(default: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        value.clone_into(default);
    }
}

fn parse_limit_field(text: Option<&str>) -> Result<LimitField, MalformedVariable> {
    match text {
        None | Some("max_completion_tokens") => Ok(LimitField::MaxCompletionTokens),
        Some("max_tokens") => Ok(LimitField::MaxTokens),
        Some(_) => Err(malformed("OPENAI_TOKEN_LIMIT_FIELD", &"expected max_completion_tokens or max_tokens")),
    }
}

/// On unless it says `false`.
fn parse_switch<'a>(name: &'static str, get: impl Fn(&str) -> Option<&'a str>) -> Result<bool, MalformedVariable> {
    match get(name) {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(malformed(name, &"expected true or false")),
    }
}

fn parse_timeouts(text: &str) -> Result<Timeouts, MalformedVariable> {
    let millis: Result<Vec<_>, _> = text.split('/').map(u64::from_str).collect();
    let millis = millis.map_err(|error| malformed(TIMEOUTS, &error))?;
    match *millis.as_slice() {
        [connect, first_byte, silence, total] => Ok(Timeouts {
            connect: Duration::from_millis(connect),
            first_byte: Duration::from_millis(first_byte),
            silence: Duration::from_millis(silence),
            total: Duration::from_millis(total),
        }),
        _ => Err(malformed(TIMEOUTS, &"expected connect/first_byte/silence/total in milliseconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Result<TextVendorsSettings, MalformedVariable> {
        TextVendorsSettings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_vendor_is_configured_by_its_key() {
        let settings = read(&[("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "m"), ("TEXT_TIMEOUTS", "1/2/3/4")]).unwrap();
        let openai = settings.openai.unwrap();
        assert_eq!((openai.model.as_str(), openai.base_url.as_str()), ("m", OpenAiSettings::DEFAULT_BASE_URL));
        assert_eq!(openai.timeouts.silence, Duration::from_millis(3));
        assert!(settings.anthropic.is_none() && settings.gigachat.is_none() && settings.yandexgpt.is_none());
    }

    #[test]
    fn malformed_variables_are_named() {
        let name = |pairs: &[(&str, &'static str)]| read(pairs).unwrap_err().name;
        assert_eq!(name(&[("OPENAI_API_KEY", "k")]), "OPENAI_MODEL");
        assert_eq!(name(&[("TEXT_TIMEOUTS", "1/2/3")]), "TEXT_TIMEOUTS");
        assert_eq!(name(&[("TEXT_TIMEOUTS", "a/2/3/4")]), "TEXT_TIMEOUTS");
        assert_eq!(
            name(&[("GIGACHAT_AUTHORIZATION_KEY", "k"), ("GIGACHAT_SCOPE", "x"), ("GIGACHAT_MODEL", "m")]),
            "GIGACHAT_SCOPE"
        );
        assert_eq!(
            name(&[("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "m"), ("OPENAI_TOKEN_LIMIT_FIELD", "x")]),
            "OPENAI_TOKEN_LIMIT_FIELD"
        );
    }
}
