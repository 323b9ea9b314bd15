//! From settings to vendors.

use std::sync::Arc;

use domain::generation::ProviderId;
use domain::kernel::{Clock, IdSource};
use vendors::Secret;
use vendors::text::{
    AnthropicSettings, GigaChatScope, GigaChatSettings, OpenAiSettings, TextVendorsSettings, YandexGptSettings,
    text_models,
};

use crate::fixtures::{KEY, TestClock, TestIds};

fn all() -> TextVendorsSettings {
    TextVendorsSettings {
        openai: Some(OpenAiSettings::new(Secret::new(KEY), "gpt")),
        anthropic: Some(AnthropicSettings::new(Secret::new(KEY), "claude")),
        gigachat: Some(GigaChatSettings::new(Secret::new(KEY), GigaChatScope::Business, "GigaChat-2")),
        yandexgpt: Some(YandexGptSettings::new(Secret::new(KEY), "gpt://b1g/yandexgpt/latest")),
    }
}

fn offered(settings: TextVendorsSettings) -> Vec<ProviderId> {
    let clock: Arc<dyn Clock> = TestClock::new();
    let ids: Arc<dyn IdSource> = Arc::new(TestIds::default());
    text_models(settings, &clock, &ids).iter().map(|model| model.provider()).collect()
}

#[test]
fn only_what_is_configured_is_offered() {
    assert_eq!(
        offered(all()),
        [ProviderId::OpenAi, ProviderId::Anthropic, ProviderId::GigaChat, ProviderId::YandexGpt]
    );
    assert_eq!(
        offered(TextVendorsSettings { openai: None, yandexgpt: None, ..all() }),
        [ProviderId::Anthropic, ProviderId::GigaChat]
    );
    assert_eq!(offered(TextVendorsSettings::default()), []);
}

#[test]
fn settings_print_no_key() {
    let printed = format!("{:?}", all());
    assert!(!printed.contains(KEY) && printed.contains("GigaChat-2"), "{printed}");
}

#[test]
fn the_addresses_are_the_vendors_own() {
    let settings = all();
    assert_eq!(settings.openai.unwrap().base_url, "https://api.openai.com/v1");
    assert_eq!(settings.anthropic.unwrap().base_url, "https://api.anthropic.com");
    let gigachat = settings.gigachat.unwrap();
    assert_eq!(gigachat.base_url, "https://api.giga.chat/v1");
    assert_eq!(gigachat.auth_url, "https://ngw.devices.sberbank.ru:9443/api/v2/oauth");
    assert_eq!(settings.yandexgpt.unwrap().base_url, "https://llm.api.cloud.yandex.net");
}
