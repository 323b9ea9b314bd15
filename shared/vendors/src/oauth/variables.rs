//! Settings of identity providers from configuration variables.

use super::{GoogleSettings, OAuthSettings, YandexSettings};
use crate::Secret;
use crate::variables::{MalformedVariable, Variables};

impl OAuthSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// A provider is configured if its client id is set: `GOOGLE_CLIENT_ID`, `YANDEX_CLIENT_ID`. It then needs its
    /// secret (`*_CLIENT_SECRET`) and may have other URLs: `*_AUTHORIZE_URL`, `*_TOKEN_URL`, `GOOGLE_JWKS_URL`,
    /// `YANDEX_INFO_URL`. `GOOGLE_ISSUER` is the issuer of ID tokens, if not Google.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let vars = Variables(&get);
        let mut settings = Self::default();
        if let Some(id) = vars.get("GOOGLE_CLIENT_ID") {
            let mut google = GoogleSettings::new(id, Secret::new(vars.require("GOOGLE_CLIENT_SECRET")?));
            vars.url("GOOGLE_AUTHORIZE_URL", &mut google.authorize_url)?;
            vars.url("GOOGLE_TOKEN_URL", &mut google.token_url)?;
            vars.url("GOOGLE_JWKS_URL", &mut google.jwks_url)?;
            if let Some(issuer) = vars.owned("GOOGLE_ISSUER") {
                google.issuers = vec![issuer];
            }
            settings.google = Some(google);
        }
        if let Some(id) = vars.get("YANDEX_CLIENT_ID") {
            let mut yandex = YandexSettings::new(id, Secret::new(vars.require("YANDEX_CLIENT_SECRET")?));
            vars.url("YANDEX_AUTHORIZE_URL", &mut yandex.authorize_url)?;
            vars.url("YANDEX_TOKEN_URL", &mut yandex.token_url)?;
            vars.url("YANDEX_INFO_URL", &mut yandex.info_url)?;
            settings.yandex = Some(yandex);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Result<OAuthSettings, MalformedVariable> {
        OAuthSettings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_provider_is_configured_by_its_client_id() {
        let settings = read(&[("GOOGLE_CLIENT_ID", "id"), ("GOOGLE_CLIENT_SECRET", "s")]).unwrap();
        let google = settings.google.unwrap();
        assert_eq!(google.token_url, GoogleSettings::DEFAULT_TOKEN_URL);
        assert_eq!(google.issuers, ["https://accounts.google.com", "accounts.google.com"]);
        assert!(settings.yandex.is_none());
        let pairs = [
            ("YANDEX_CLIENT_ID", "id"),
            ("YANDEX_CLIENT_SECRET", "s"),
            ("YANDEX_INFO_URL", "http://127.0.0.1:1/info"),
            ("GOOGLE_ISSUER", "https://issuer.example"),
        ];
        let settings = read(&pairs).unwrap();
        assert_eq!(settings.yandex.unwrap().info_url, "http://127.0.0.1:1/info");
        assert!(settings.google.is_none(), "an issuer alone configures nothing");
    }

    #[test]
    fn malformed_variables_are_named() {
        let name = |pairs: &[(&str, &'static str)]| read(pairs).unwrap_err().name;
        assert_eq!(name(&[("GOOGLE_CLIENT_ID", "id")]), "GOOGLE_CLIENT_SECRET");
        assert_eq!(name(&[("YANDEX_CLIENT_ID", "id")]), "YANDEX_CLIENT_SECRET");
        let google = [("GOOGLE_CLIENT_ID", "id"), ("GOOGLE_CLIENT_SECRET", "s")];
        assert_eq!(name(&[google[0], google[1], ("GOOGLE_JWKS_URL", "not a url")]), "GOOGLE_JWKS_URL");
        assert_eq!(name(&[google[0], google[1], ("GOOGLE_TOKEN_URL", "file:///etc/passwd")]), "GOOGLE_TOKEN_URL");
    }
}
