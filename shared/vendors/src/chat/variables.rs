//! Settings of chat vendors from configuration variables.

use domain::gateway::Fields;
use serde::Deserialize;

use super::{
    AnthropicSettings, ChatVendorsSettings, GigaChatSettings, LimitField, OpenAiCompatibleSettings, YandexGptSettings,
};
use crate::variables::{Variables, malformed, url};
use crate::{MalformedVariable, Secret, Timeouts};

/// The variable with further servers.
const SERVERS: &str = "CHAT_VENDORS";

/// Names that further servers may not have.
const TAKEN: [&str; 4] = [OpenAiCompatibleSettings::OPENAI, "anthropic", "gigachat", "yandexgpt"];

/// An entry of `CHAT_VENDORS`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    name: String,
    base_url: String,
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    limit_field: Option<String>,
    #[serde(default)]
    organization: Option<String>,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    extra: Fields,
}

impl ChatVendorsSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// A vendor is configured if its key is set: `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GIGACHAT_AUTHORIZATION_KEY`
    /// (with `GIGACHAT_SCOPE`), `YANDEXGPT_API_KEY` (with `YANDEXGPT_FOLDER`). Each may have another base URL
    /// (`*_BASE_URL`, `GIGACHAT_AUTH_URL`). `OPENAI_TOKEN_LIMIT_FIELD` is `max_completion_tokens` or `max_tokens`;
    /// `OPENAI_ORGANIZATION` and `OPENAI_PROJECT` are sent as headers; `GIGACHAT_ROOT_CA` is PEM. Models come with each
    /// call.
    ///
    /// `CHAT_VENDORS` is a JSON list of further servers of OpenAI's protocol: `[{"name": "local", "base_url":
    /// "http://…/v1", "api_key": "…", "limit_field": "max_tokens"}]`; all but the first two are optional, as are
    /// `organization`, `project` and `extra` (an object of fields to send unless the caller set them).
    ///
    /// `CHAT_TIMEOUTS` is `connect/first_byte/silence/total` in milliseconds, for all vendors.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        Self::read_with("CHAT_TIMEOUTS", Variables(&get))
    }

    /// The same with the time-outs from another variable.
    pub(crate) fn read_with(timeouts: &'static str, vars: Variables<'_, '_>) -> Result<Self, MalformedVariable> {
        let timeouts = vars.timeouts(timeouts, Timeouts::default())?;
        let mut settings = Self::default();
        if let Some(key) = vars.secret("OPENAI_API_KEY") {
            let mut openai = OpenAiCompatibleSettings::openai(key);
            vars.url("OPENAI_BASE_URL", &mut openai.base_url)?;
            openai.limit_field = parse_limit_field(vars.get("OPENAI_TOKEN_LIMIT_FIELD"))?;
            openai.organization = vars.owned("OPENAI_ORGANIZATION");
            openai.project = vars.owned("OPENAI_PROJECT");
            settings.openai_compatible.push(OpenAiCompatibleSettings { timeouts, ..openai });
        }
        if let Some(list) = vars.get(SERVERS) {
            settings.openai_compatible.extend(servers(list, timeouts)?);
        }
        if let Some(key) = vars.secret("ANTHROPIC_API_KEY") {
            let mut anthropic = AnthropicSettings::new(key);
            vars.url("ANTHROPIC_BASE_URL", &mut anthropic.base_url)?;
            settings.anthropic = Some(AnthropicSettings { timeouts, ..anthropic });
        }
        settings.gigachat = GigaChatSettings::read(timeouts, vars)?;
        if let Some(key) = vars.secret("YANDEXGPT_API_KEY") {
            let mut yandexgpt = YandexGptSettings::new(key, vars.require("YANDEXGPT_FOLDER")?);
            vars.url("YANDEXGPT_BASE_URL", &mut yandexgpt.base_url)?;
            settings.yandexgpt = Some(YandexGptSettings { timeouts, ..yandexgpt });
        }
        Ok(settings)
    }
}

/// The field of the token limit, as `OPENAI_TOKEN_LIMIT_FIELD` names it.
fn parse_limit_field(text: Option<&str>) -> Result<LimitField, MalformedVariable> {
    match text {
        None | Some("max_completion_tokens") => Ok(LimitField::MaxCompletionTokens),
        Some("max_tokens") => Ok(LimitField::MaxTokens),
        Some(_) => Err(malformed("OPENAI_TOKEN_LIMIT_FIELD", &"expected max_completion_tokens or max_tokens")),
    }
}

fn servers(list: &str, timeouts: Timeouts) -> Result<Vec<OpenAiCompatibleSettings>, MalformedVariable> {
    // The parser's message may quote a key.
    let list: Vec<Server> = serde_json::from_str(list).map_err(|error| {
        malformed(SERVERS, &format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
    })?;
    let mut servers: Vec<OpenAiCompatibleSettings> = Vec::with_capacity(list.len());
    for server in list {
        let name = server.name.as_str();
        if TAKEN.contains(&name) || servers.iter().any(|other| other.name == name) {
            return Err(malformed(SERVERS, &"a name is taken already"));
        }
        servers.push(settings(server, timeouts)?);
    }
    Ok(servers)
}

fn settings(server: Server, timeouts: Timeouts) -> Result<OpenAiCompatibleSettings, MalformedVariable> {
    let Server { name, base_url, api_key, limit_field, organization, project, extra } = server;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(malformed(SERVERS, &"expected names of small letters, digits, hyphens, underscores and dots"));
    }
    url(SERVERS, &base_url)?;
    let limit_field = parse_limit_field(limit_field.as_deref())
        .map_err(|error| malformed(SERVERS, &format!("limit_field: {}", error.reason)))?;
    let settings = OpenAiCompatibleSettings::server(name, base_url, Secret::new(api_key));
    Ok(OpenAiCompatibleSettings { organization, project, limit_field, extra, timeouts, ..settings })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Result<ChatVendorsSettings, MalformedVariable> {
        ChatVendorsSettings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_vendor_is_configured_by_its_key() {
        let settings = read(&[
            ("OPENAI_API_KEY", "k"),
            ("YANDEXGPT_API_KEY", "k"),
            ("YANDEXGPT_FOLDER", "b1g"),
            ("GIGACHAT_AUTHORIZATION_KEY", "k"),
            ("GIGACHAT_SCOPE", "GIGACHAT_API_B2B"),
            ("ANTHROPIC_API_KEY", "k"),
            ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1"),
            ("CHAT_TIMEOUTS", "1/2/3/4"),
        ])
        .unwrap();
        let openai = &settings.openai_compatible[0];
        assert_eq!((openai.name.as_str(), openai.base_url.as_str()), ("openai", "https://api.openai.com/v1"));
        assert_eq!(openai.timeouts.silence, Duration::from_millis(3));
        assert_eq!(settings.anthropic.unwrap().base_url, "http://127.0.0.1:1");
        assert_eq!(settings.yandexgpt.unwrap().folder, "b1g");
        assert_eq!(settings.gigachat.unwrap().timeouts.total, Duration::from_millis(4));
        let none = read(&[]).unwrap();
        assert!(none.openai_compatible.is_empty() && none.anthropic.is_none() && none.gigachat.is_none());
    }

    #[test]
    fn further_servers_come_as_a_list() {
        let list = r#"[{"name":"local","base_url":"http://127.0.0.1:8080/v1","limit_field":"max_tokens","extra":{"top_k":1}},
            {"name":"two","base_url":"https://x/v1","api_key":"sk","organization":"o","project":"p"}]"#;
        let servers = read(&[("CHAT_VENDORS", list)]).unwrap().openai_compatible;
        assert_eq!(servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>(), ["local", "two"]);
        assert_eq!((servers[0].limit_field, servers[0].api_key.is_empty()), (LimitField::MaxTokens, true));
        assert_eq!(servers[0].extra.get("top_k").unwrap().get(), "1");
        assert_eq!((servers[1].api_key.expose(), servers[1].project.as_deref()), ("sk", Some("p")));
    }

    #[test]
    fn malformed_variables_are_named_and_not_quoted() {
        for (name, value) in [
            ("CHAT_TIMEOUTS", "1/2/3"),
            ("OPENAI_TOKEN_LIMIT_FIELD", "sk-secret"),
            ("OPENAI_BASE_URL", "ftp://sk-secret"),
            ("CHAT_VENDORS", r#"[{"name":"a","base_url":"http://x","api_key":["sk-secret"]}]"#),
            ("CHAT_VENDORS", r#"[{"name":"a","base_url":"http://x","sk-secret":1}]"#),
            ("CHAT_VENDORS", r#"[{"name":"a","base_url":"sk-secret"}]"#),
            ("CHAT_VENDORS", r#"[{"name":"sk secret","base_url":"http://x"}]"#),
            ("CHAT_VENDORS", r#"[{"name":"openai","base_url":"http://x"}]"#),
            ("CHAT_VENDORS", r#"[{"name":"a","base_url":"http://x"},{"name":"a","base_url":"http://y"}]"#),
            ("CHAT_VENDORS", r#"[{"name":"a","base_url":"http://x","limit_field":"sk-secret"}]"#),
            ("CHAT_VENDORS", r#"[{"base_url":"http://x"}]"#),
            ("CHAT_VENDORS", "sk-secret"),
        ] {
            let error = read(&[("OPENAI_API_KEY", "k"), (name, value)]).unwrap_err();
            assert!(error.name == name && !error.to_string().contains("secret"), "{value}: {error}");
        }
        let missing = |pairs: &[(&str, &'static str)]| read(pairs).unwrap_err().name;
        assert_eq!(missing(&[("YANDEXGPT_API_KEY", "k")]), "YANDEXGPT_FOLDER");
        assert_eq!(missing(&[("GIGACHAT_AUTHORIZATION_KEY", "k")]), "GIGACHAT_SCOPE");
    }
}
