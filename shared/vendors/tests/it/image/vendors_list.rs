//! From settings to image vendors.

use std::sync::Arc;

use domain::generation::ProviderId;
use domain::kernel::{Clock, IdSource};
use vendors::Secret;
use vendors::image::{
    GigaChatImagesSettings, ImageVendorsSettings, KandinskySettings, OpenAiImagesSettings, StabilitySettings,
    YandexArtSettings, enlarger, image_models,
};

use super::SECRET_KEY;
use crate::fixtures::{KEY, TestClock, TestIds, gigachat_settings, patient};

fn all() -> ImageVendorsSettings {
    ImageVendorsSettings {
        kandinsky: Some(KandinskySettings::new(Secret::new(KEY), Secret::new(SECRET_KEY))),
        yandexart: Some(YandexArtSettings::new(Secret::new(KEY), "b1g")),
        gigachat: Some(GigaChatImagesSettings {
            account: gigachat_settings("http://127.0.0.1:1", patient()),
            model: "GigaChat-2".to_owned(),
        }),
        openai: Some(OpenAiImagesSettings::new(Secret::new(KEY), "gpt-image-1-mini")),
        stability: Some(StabilitySettings::new(Secret::new(KEY))),
    }
}

fn offered(settings: ImageVendorsSettings) -> Vec<ProviderId> {
    let clock: Arc<dyn Clock> = TestClock::new();
    let ids: Arc<dyn IdSource> = Arc::new(TestIds::default());
    image_models(settings, &clock, &ids).iter().map(|model| model.provider()).collect()
}

#[test]
fn only_what_is_configured_is_offered() {
    assert_eq!(
        offered(all()),
        [ProviderId::Kandinsky, ProviderId::YandexArt, ProviderId::GigaChat, ProviderId::OpenAi]
    );
    assert_eq!(
        offered(ImageVendorsSettings { kandinsky: None, gigachat: None, ..all() }),
        [ProviderId::YandexArt, ProviderId::OpenAi]
    );
    assert_eq!(offered(ImageVendorsSettings::default()), []);
    let clock: Arc<dyn Clock> = TestClock::new();
    assert!(enlarger(&all(), &clock).is_some_and(|enlarger| enlarger.provider() == ProviderId::Stability));
    assert!(enlarger(&ImageVendorsSettings { stability: None, ..all() }, &clock).is_none());
}

#[test]
fn settings_print_no_key() {
    let printed = format!("{:?}", all());
    assert!(!printed.contains(KEY) && !printed.contains(SECRET_KEY) && printed.contains("b1g"), "{printed}");
}

#[test]
fn the_addresses_are_the_vendors_own() {
    let settings = all();
    assert_eq!(settings.kandinsky.unwrap().base_url, "https://api-key.fusionbrain.ai");
    let yandexart = settings.yandexart.unwrap();
    assert_eq!(yandexart.base_url, "https://llm.api.cloud.yandex.net");
    assert_eq!(yandexart.model_uri, "art://b1g/yandex-art/latest");
    assert_eq!(settings.openai.unwrap().base_url, "https://api.openai.com/v1");
    assert_eq!(settings.stability.unwrap().base_url, "https://api.stability.ai");
}
