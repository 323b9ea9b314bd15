//! Settings of image vendors from configuration variables.

use super::{
    GigaChatImagesSettings, ImageVendorsSettings, KandinskySettings, OpenAiImagesSettings, StabilitySettings, TIMEOUTS,
    YandexArtSettings,
};
use crate::gigachat::GigaChatSettings;
use crate::variables::Variables;
use crate::{MalformedVariable, Secret};

impl ImageVendorsSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// Kandinsky is configured if `KANDINSKY_API_KEY` is set, and then needs `KANDINSKY_SECRET_KEY`; YandexART if
    /// `YANDEXART_API_KEY` is set, and then needs `YANDEXART_FOLDER`. GigaChat has the variables of its chats and
    /// `GIGACHAT_MODEL`, and draws if `GIGACHAT_IMAGES` is `true`. OpenAI has the `OPENAI_API_KEY` and
    /// `OPENAI_BASE_URL` of its chats and draws if `OPENAI_IMAGE_MODEL` is set; `OPENAI_IMAGE_FREE_SIZES` is `true` for
    /// models that draw any size in multiples of 16. Stability AI upscales if `STABILITY_API_KEY` is set.
    ///
    /// `KANDINSKY_BASE_URL`, `YANDEXART_BASE_URL` and `STABILITY_BASE_URL` are other base URLs. `IMAGE_TIMEOUTS` is
    /// `connect/first_byte/silence/total` in milliseconds, for all vendors.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let vars = Variables(&get);
        let timeouts = vars.timeouts("IMAGE_TIMEOUTS", TIMEOUTS)?;
        let mut settings = Self::default();
        if let Some(key) = vars.secret("KANDINSKY_API_KEY") {
            let secret = Secret::new(vars.require("KANDINSKY_SECRET_KEY")?);
            let mut kandinsky = KandinskySettings::new(key, secret);
            vars.url("KANDINSKY_BASE_URL", &mut kandinsky.base_url)?;
            settings.kandinsky = Some(KandinskySettings { timeouts, ..kandinsky });
        }
        if let Some(key) = vars.secret("YANDEXART_API_KEY") {
            let mut yandexart = YandexArtSettings::new(key, vars.require("YANDEXART_FOLDER")?);
            vars.url("YANDEXART_BASE_URL", &mut yandexart.base_url)?;
            settings.yandexart = Some(YandexArtSettings { timeouts, ..yandexart });
        }
        if vars.switch("GIGACHAT_IMAGES", false)?
            && let Some(account) = GigaChatSettings::read(timeouts, vars)?
        {
            let model = vars.require("GIGACHAT_MODEL")?.to_owned();
            settings.gigachat = Some(GigaChatImagesSettings { account, model });
        }
        if let (Some(key), Some(model)) = (vars.secret("OPENAI_API_KEY"), vars.get("OPENAI_IMAGE_MODEL")) {
            let mut openai = OpenAiImagesSettings::new(key, model);
            vars.url("OPENAI_BASE_URL", &mut openai.base_url)?;
            openai.free_sizes = vars.switch("OPENAI_IMAGE_FREE_SIZES", false)?;
            settings.openai = Some(OpenAiImagesSettings { timeouts, ..openai });
        }
        if let Some(key) = vars.secret("STABILITY_API_KEY") {
            let mut stability = StabilitySettings::new(key);
            vars.url("STABILITY_BASE_URL", &mut stability.base_url)?;
            settings.stability = Some(StabilitySettings { timeouts, ..stability });
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    type Variables = [(&'static str, &'static str)];

    const GIGACHAT: &Variables =
        &[("GIGACHAT_AUTHORIZATION_KEY", "k"), ("GIGACHAT_SCOPE", "GIGACHAT_API_PERS"), ("GIGACHAT_MODEL", "m")];

    fn read(variables: &[&Variables]) -> Result<ImageVendorsSettings, MalformedVariable> {
        let variables = variables.concat();
        let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        ImageVendorsSettings::read(get)
    }

    /// Which vendors are configured: Kandinsky, YandexART, GigaChat, OpenAI, Stability AI.
    fn configured(variables: &[&Variables]) -> [bool; 5] {
        let ImageVendorsSettings { kandinsky, yandexart, gigachat, openai, stability } = read(variables).unwrap();
        [kandinsky.is_some(), yandexart.is_some(), gigachat.is_some(), openai.is_some(), stability.is_some()]
    }

    #[test]
    fn a_vendor_is_configured_by_its_key_and_wish() {
        assert_eq!(configured(&[]), [false; 5]);
        assert!(configured(&[&[("KANDINSKY_API_KEY", "k"), ("KANDINSKY_SECRET_KEY", "s")]])[0]);
        assert!(configured(&[&[("YANDEXART_API_KEY", "k"), ("YANDEXART_FOLDER", "b1g")]])[1]);
        assert_eq!(configured(&[GIGACHAT]), [false; 5], "texts alone");
        assert_eq!(configured(&[GIGACHAT, &[("GIGACHAT_IMAGES", "false")]]), [false; 5]);
        assert!(configured(&[GIGACHAT, &[("GIGACHAT_IMAGES", "true")]])[2]);
        assert_eq!(configured(&[&[("GIGACHAT_IMAGES", "true")]]), [false; 5], "a wish without a key");
        assert_eq!(configured(&[&[("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "gpt")]]), [false; 5], "texts alone");
        assert!(configured(&[&[("OPENAI_API_KEY", "k"), ("OPENAI_IMAGE_MODEL", "m")]])[3]);
        assert_eq!(configured(&[&[("OPENAI_IMAGE_MODEL", "m")]]), [false; 5]);
        assert!(configured(&[&[("STABILITY_API_KEY", "k")]])[4]);
    }

    #[test]
    fn everything_has_a_variable() {
        let settings = read(&[
            &[("KANDINSKY_API_KEY", "k"), ("KANDINSKY_SECRET_KEY", "s"), ("KANDINSKY_BASE_URL", "http://f")],
            &[("YANDEXART_API_KEY", "k"), ("YANDEXART_FOLDER", "b1g"), ("YANDEXART_BASE_URL", "http://y")],
            GIGACHAT,
            &[("GIGACHAT_IMAGES", "true"), ("GIGACHAT_BASE_URL", "http://g")],
            &[("OPENAI_API_KEY", "k"), ("OPENAI_IMAGE_MODEL", "m"), ("OPENAI_BASE_URL", "http://o")],
            &[("OPENAI_IMAGE_FREE_SIZES", "true"), ("IMAGE_TIMEOUTS", "1/2/3/4")],
            &[("STABILITY_API_KEY", "k"), ("STABILITY_BASE_URL", "http://s")],
        ])
        .unwrap();
        let (kandinsky, yandexart) = (settings.kandinsky.unwrap(), settings.yandexart.unwrap());
        assert_eq!((kandinsky.base_url.as_str(), kandinsky.secret_key.expose()), ("http://f", "s"));
        assert_eq!(
            (yandexart.base_url.as_str(), yandexart.model_uri.as_str()),
            ("http://y", "art://b1g/yandex-art/latest")
        );
        let (gigachat, openai) = (settings.gigachat.unwrap(), settings.openai.unwrap());
        assert_eq!((gigachat.account.base_url.as_str(), gigachat.model.as_str()), ("http://g", "m"));
        assert_eq!((openai.base_url.as_str(), openai.model.as_str(), openai.free_sizes), ("http://o", "m", true));
        let stability = settings.stability.unwrap();
        assert_eq!(stability.base_url, "http://s");
        let timeouts =
            [kandinsky.timeouts, yandexart.timeouts, gigachat.account.timeouts, openai.timeouts, stability.timeouts];
        for timeouts in timeouts {
            assert_eq!(timeouts.total, Duration::from_millis(4));
        }
    }

    #[test]
    fn malformed_variables_are_named() {
        let name = |variables: &Variables| read(&[variables]).unwrap_err().name;
        assert_eq!(name(&[("KANDINSKY_API_KEY", "k")]), "KANDINSKY_SECRET_KEY");
        assert_eq!(name(&[("YANDEXART_API_KEY", "k")]), "YANDEXART_FOLDER");
        assert_eq!(name(&[("GIGACHAT_IMAGES", "yes")]), "GIGACHAT_IMAGES");
        assert_eq!(name(&[("GIGACHAT_IMAGES", "true"), ("GIGACHAT_AUTHORIZATION_KEY", "k")]), "GIGACHAT_SCOPE");
        assert_eq!(name(&[("IMAGE_TIMEOUTS", "1")]), "IMAGE_TIMEOUTS");
        let openai = &[("OPENAI_API_KEY", "k"), ("OPENAI_IMAGE_MODEL", "m"), ("OPENAI_IMAGE_FREE_SIZES", "1")];
        assert_eq!(name(openai), "OPENAI_IMAGE_FREE_SIZES");
    }
}
