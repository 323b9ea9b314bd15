//! Text models: the chat vendors behind [`TextModels`].

use std::sync::Arc;

use domain::generation::{ProviderId, TextModel, TextModels};
use domain::kernel::{Clock, IdSource};

use crate::MalformedVariable;
use crate::chat::{ChatVendorsSettings, chat_vendors};
use crate::variables::Variables;

/// Vendors with the variables of their key, their model, and whether the model takes a temperature, if that varies.
const VENDORS: [(ProviderId, &str, &str, Option<&str>); 4] = [
    (ProviderId::OpenAi, "OPENAI_API_KEY", "OPENAI_MODEL", Some("OPENAI_SEND_TEMPERATURE")),
    (ProviderId::Anthropic, "ANTHROPIC_API_KEY", "ANTHROPIC_MODEL", Some("ANTHROPIC_SEND_TEMPERATURE")),
    (ProviderId::GigaChat, "GIGACHAT_AUTHORIZATION_KEY", "GIGACHAT_MODEL", None),
    (ProviderId::YandexGpt, "YANDEXGPT_API_KEY", "YANDEXGPT_MODEL", None),
];

/// Chat vendors and the model of each that writes texts.
#[derive(Debug, Clone, Default)]
pub struct TextVendorsSettings {
    pub vendors: ChatVendorsSettings,
    pub models: Vec<TextModel>,
}

impl TextVendorsSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// The variables are those of [`ChatVendorsSettings::read`], with `TEXT_TIMEOUTS` in place of `CHAT_TIMEOUTS`. Each
    /// configured vendor needs its model: `OPENAI_MODEL`, `ANTHROPIC_MODEL`, `GIGACHAT_MODEL`, `YANDEXGPT_MODEL`.
    /// `OPENAI_SEND_TEMPERATURE` and `ANTHROPIC_SEND_TEMPERATURE` are `false` for models that reject a temperature.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let vars = Variables(&get);
        let vendors = ChatVendorsSettings::read_with("TEXT_TIMEOUTS", vars)?;
        let mut models = Vec::new();
        for (provider, key, model, temperature) in VENDORS {
            if vars.get(key).is_some() {
                let model = vars.require(model)?.to_owned();
                let send_temperature = temperature.map_or(Ok(true), |name| vars.switch(name, true))?;
                models.push(TextModel { provider, model, send_temperature });
            }
        }
        Ok(Self { vendors, models })
    }
}

/// The configured text models. Costs nothing, like [`chat_vendors`].
pub fn text_models(settings: TextVendorsSettings, clock: &Arc<dyn Clock>, ids: &Arc<dyn IdSource>) -> TextModels {
    TextModels::new(chat_vendors(settings.vendors, clock, ids), settings.models, Arc::clone(clock))
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
        let settings = read(&[
            ("OPENAI_API_KEY", "k"),
            ("OPENAI_MODEL", "m"),
            ("OPENAI_SEND_TEMPERATURE", "false"),
            ("YANDEXGPT_API_KEY", "k"),
            ("YANDEXGPT_FOLDER", "b1g"),
            ("YANDEXGPT_MODEL", "yandexgpt/latest"),
            ("TEXT_TIMEOUTS", "1/2/3/4"),
        ])
        .unwrap();
        let model =
            |provider, model: &str, send_temperature| TextModel { provider, model: model.to_owned(), send_temperature };
        let models = [model(ProviderId::OpenAi, "m", false), model(ProviderId::YandexGpt, "yandexgpt/latest", true)];
        assert_eq!(settings.models, models);
        assert_eq!(settings.vendors.openai_compatible[0].timeouts.silence, Duration::from_millis(3));
        assert!(settings.vendors.anthropic.is_none() && settings.vendors.gigachat.is_none());
        assert!(read(&[("OPENAI_MODEL", "m")]).unwrap().models.is_empty());
    }

    #[test]
    fn every_model_has_a_variable() {
        let keys = VENDORS.map(|(_, key, ..)| (key, "k"));
        let more = [("GIGACHAT_SCOPE", "GIGACHAT_API_PERS"), ("YANDEXGPT_FOLDER", "b1g")];
        let models = VENDORS.map(|(_, _, model, _)| (model, model));
        let settings = read(&[&keys[..], &more, &models].concat()).unwrap();
        assert_eq!(
            settings.models.iter().map(|model| model.model.as_str()).collect::<Vec<_>>(),
            models.map(|(name, _)| name)
        );
        for (missing, _) in models {
            let others: Vec<_> = models.into_iter().filter(|(name, _)| *name != missing).collect();
            assert_eq!(read(&[&keys[..], &more, &others].concat()).unwrap_err().name, missing);
        }
    }

    #[test]
    fn malformed_variables_are_named() {
        let name = |pairs: &[(&str, &'static str)]| read(pairs).unwrap_err().name;
        let openai = [("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "m")];
        assert_eq!(name(&[("TEXT_TIMEOUTS", "1/2/3")]), "TEXT_TIMEOUTS");
        assert_eq!(name(&[("TEXT_TIMEOUTS", "a/2/3/4")]), "TEXT_TIMEOUTS");
        assert_eq!(name(&[openai[0], openai[1], ("OPENAI_SEND_TEMPERATURE", "no")]), "OPENAI_SEND_TEMPERATURE");
        assert_eq!(name(&[openai[0], openai[1], ("OPENAI_TOKEN_LIMIT_FIELD", "x")]), "OPENAI_TOKEN_LIMIT_FIELD");
        let gigachat = [("GIGACHAT_AUTHORIZATION_KEY", "k"), ("GIGACHAT_SCOPE", "x"), ("GIGACHAT_MODEL", "m")];
        assert_eq!(name(&gigachat), "GIGACHAT_SCOPE");
    }
}
