//! The text vendors' settings from configuration variables.

use super::{AnthropicSettings, GigaChatSettings, LimitField, OpenAiSettings, TextVendorsSettings, YandexGptSettings};
use crate::variables::{malformed, replace, require, switch, timeouts};
use crate::{MalformedVariable, Secret, Timeouts};

impl TextVendorsSettings {
    /// Reads the settings through `get`, which gives a variable's value unless it is unset or empty.
    ///
    /// A vendor is configured when its key is set: `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GIGACHAT_AUTHORIZATION_KEY`, `YANDEXGPT_API_KEY`. It
    /// then needs its model (`*_MODEL`; YandexGPT also `YANDEXGPT_FOLDER`; GigaChat also `GIGACHAT_SCOPE`) and may have another address
    /// (`*_BASE_URL`, `GIGACHAT_AUTH_URL`). `OPENAI_TOKEN_LIMIT_FIELD` is `max_completion_tokens` or `max_tokens`; `GIGACHAT_ROOT_CA` is PEM.
    /// `OPENAI_SEND_TEMPERATURE` and `ANTHROPIC_SEND_TEMPERATURE` are `false` for models that reject a temperature.
    /// `TEXT_TIMEOUTS` is `connect/first_byte/silence/total` in milliseconds, for all vendors.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str> + Copy) -> Result<Self, MalformedVariable> {
        let timeouts = timeouts("TEXT_TIMEOUTS", Timeouts::default(), get)?;
        let mut settings = Self::default();
        if let Some(key) = get("OPENAI_API_KEY") {
            let mut openai = OpenAiSettings::new(Secret::new(key), require("OPENAI_MODEL", get)?);
            replace(&mut openai.base_url, get("OPENAI_BASE_URL"));
            openai.limit_field = parse_limit_field(get("OPENAI_TOKEN_LIMIT_FIELD"))?;
            openai.send_temperature = switch("OPENAI_SEND_TEMPERATURE", true, get)?;
            settings.openai = Some(OpenAiSettings { timeouts, ..openai });
        }
        if let Some(key) = get("ANTHROPIC_API_KEY") {
            let mut anthropic = AnthropicSettings::new(Secret::new(key), require("ANTHROPIC_MODEL", get)?);
            replace(&mut anthropic.base_url, get("ANTHROPIC_BASE_URL"));
            anthropic.send_temperature = switch("ANTHROPIC_SEND_TEMPERATURE", true, get)?;
            settings.anthropic = Some(AnthropicSettings { timeouts, ..anthropic });
        }
        settings.gigachat = GigaChatSettings::read(timeouts, get)?;
        if let Some(key) = get("YANDEXGPT_API_KEY") {
            let model = format!("gpt://{}/{}", require("YANDEXGPT_FOLDER", get)?, require("YANDEXGPT_MODEL", get)?);
            let mut yandexgpt = YandexGptSettings::new(Secret::new(key), model);
            replace(&mut yandexgpt.base_url, get("YANDEXGPT_BASE_URL"));
            settings.yandexgpt = Some(YandexGptSettings { timeouts, ..yandexgpt });
        }
        Ok(settings)
    }
}

impl GigaChatSettings {
    /// Reads the settings, if there is a key: texts and images share them.
    pub(crate) fn read<'a>(
        timeouts: Timeouts,
        get: impl Fn(&str) -> Option<&'a str> + Copy,
    ) -> Result<Option<Self>, MalformedVariable> {
        let Some(settings) = Self::read_for_any_model(timeouts, get)? else { return Ok(None) };
        Ok(Some(Self { model: require("GIGACHAT_MODEL", get)?.to_owned(), ..settings }))
    }

    /// The same for calls that each name their model.
    pub(crate) fn read_for_any_model<'a>(
        timeouts: Timeouts,
        get: impl Fn(&str) -> Option<&'a str> + Copy,
    ) -> Result<Option<Self>, MalformedVariable> {
        let Some(key) = get("GIGACHAT_AUTHORIZATION_KEY") else { return Ok(None) };
        let scope = require("GIGACHAT_SCOPE", get)?
            .parse()
            .map_err(|error: super::UnknownScope| malformed("GIGACHAT_SCOPE", &error))?;
        let mut gigachat = Self::new(Secret::new(key), scope, "");
        replace(&mut gigachat.base_url, get("GIGACHAT_BASE_URL"));
        replace(&mut gigachat.auth_url, get("GIGACHAT_AUTH_URL"));
        gigachat.root_certificates = get("GIGACHAT_ROOT_CA").map(str::to_owned);
        Ok(Some(Self { timeouts, ..gigachat }))
    }
}

/// The name of the limit of tokens, as `OPENAI_TOKEN_LIMIT_FIELD` has it.
pub(crate) fn parse_limit_field(text: Option<&str>) -> Result<LimitField, MalformedVariable> {
    match text {
        None | Some("max_completion_tokens") => Ok(LimitField::MaxCompletionTokens),
        Some("max_tokens") => Ok(LimitField::MaxTokens),
        Some(_) => Err(malformed("OPENAI_TOKEN_LIMIT_FIELD", &"expected max_completion_tokens or max_tokens")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
