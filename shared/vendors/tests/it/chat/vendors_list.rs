//! From settings to vendors.

use std::sync::Arc;

use domain::kernel::{Clock, IdSource};
use vendors::Secret;
use vendors::chat::{
    AnthropicSettings, ChatVendorsSettings, GigaChatScope, GigaChatSettings, OpenAiCompatibleSettings,
    YandexGptSettings, chat_vendors,
};

use crate::fixtures::{KEY, TestClock, TestIds};

fn all() -> ChatVendorsSettings {
    ChatVendorsSettings {
        openai_compatible: vec![
            OpenAiCompatibleSettings::openai(Secret::new(KEY)),
            OpenAiCompatibleSettings::server("local", "http://127.0.0.1:8080/v1", Secret::new(KEY)),
        ],
        anthropic: Some(AnthropicSettings::new(Secret::new(KEY))),
        gigachat: Some(GigaChatSettings::new(Secret::new(KEY), GigaChatScope::Business)),
        yandexgpt: Some(YandexGptSettings::new(Secret::new(KEY), "b1g")),
    }
}

/// The names of the vendors, and which of them have vectors.
fn offered(settings: ChatVendorsSettings) -> Vec<(String, bool)> {
    let clock: Arc<dyn Clock> = TestClock::new();
    let ids: Arc<dyn IdSource> = Arc::new(TestIds::default());
    let vendors = chat_vendors(settings, &clock, &ids);
    vendors.iter().map(|vendor| (vendor.name().to_owned(), vendor.embedder().is_some())).collect()
}

#[test]
fn only_what_is_configured_is_offered() {
    let named = |names: &[(&str, bool)]| names.iter().map(|&(name, has)| (name.to_owned(), has)).collect::<Vec<_>>();
    assert_eq!(
        offered(all()),
        named(&[("openai", true), ("local", true), ("anthropic", false), ("gigachat", true), ("yandexgpt", false)])
    );
    assert_eq!(
        offered(ChatVendorsSettings { openai_compatible: Vec::new(), gigachat: None, ..all() }),
        named(&[("anthropic", false), ("yandexgpt", false)])
    );
    assert_eq!(offered(ChatVendorsSettings::default()), []);
}

#[test]
fn settings_print_no_key() {
    let printed = format!("{:?}", all());
    assert!(!printed.contains(KEY) && printed.contains("b1g"), "{printed}");
}

#[test]
fn the_addresses_are_the_vendors_own() {
    let settings = all();
    assert_eq!(settings.openai_compatible[0].base_url, "https://api.openai.com/v1");
    assert_eq!(settings.anthropic.unwrap().base_url, "https://api.anthropic.com");
    let gigachat = settings.gigachat.unwrap();
    assert_eq!(gigachat.base_url, "https://api.giga.chat/v1");
    assert_eq!(gigachat.auth_url, "https://ngw.devices.sberbank.ru:9443/api/v2/oauth");
    assert_eq!(settings.yandexgpt.unwrap().base_url, "https://llm.api.cloud.yandex.net");
}
