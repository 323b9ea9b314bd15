//! Values of template parameters in the local stack.
//!
//! Later sources win: the template's defaults, what suits a local run, `parameters.toml` in the data folder, `--set`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sandbox::oauth::{GOOGLE_ISSUER, google_client, yandex_client};
use sandbox::payments::Credentials;
use sandbox::{FusionBrainKeys, YANDEX_FOLDER, gigachat_authorization_key};
use serde::Deserialize;

/// Parameters by name.
pub type Parameters = BTreeMap<String, String>;

/// Parameters of vendors that the sandbox plays, as products' templates call them: one that the root has for all products is set once, one that
/// each product has for itself (`EasyWriterYooKassaShopId`) once for each. With `Aggregator.` before them, they are set in that product's template
/// only. The first two say who the vendor is: as soon as the operator sets one of them, the sandbox is out of that vendor's way. The others can
/// be set alone, to ask the sandbox for another behaviour.
const SANDBOXED: &[&[(&str, Value)]] = &[
    &[
        ("OpenAiBaseUrl", Value::Sandbox("/openai/v1")),
        ("OpenAiApiKey", Value::Key),
        ("OpenAiModel", Value::Text("sandbox")),
    ],
    // Easy Writer's tools each prefer another vendor, so it would no longer ask the one that the operator looks at.
    &[("Aggregator.AnthropicBaseUrl", Value::Sandbox("/anthropic")), ("Aggregator.AnthropicApiKey", Value::Key)],
    &[
        ("Aggregator.GigaChatBaseUrl", Value::Sandbox("/gigachat/api/v1")),
        ("Aggregator.GigaChatAuthorizationKey", Value::Derived(gigachat_authorization_key)),
        ("Aggregator.GigaChatAuthUrl", Value::Sandbox("/gigachat/api/v2/oauth")),
    ],
    &[
        ("Aggregator.YandexGptBaseUrl", Value::Sandbox("/yandexgpt")),
        ("Aggregator.YandexGptApiKey", Value::Key),
        ("Aggregator.YandexGptFolder", Value::Text(YANDEX_FOLDER)),
    ],
    &[
        ("KandinskyBaseUrl", Value::Sandbox("/fusionbrain")),
        ("KandinskyApiKey", Value::Derived(|key| FusionBrainKeys::of(key).api_key)),
        ("KandinskySecretKey", Value::Derived(|key| FusionBrainKeys::of(key).secret_key)),
    ],
    &[
        ("GoogleClientId", Value::Derived(|key| google_client(key).id)),
        ("GoogleClientSecret", Value::Derived(|key| google_client(key).secret)),
        ("GoogleAuthorizeUrl", Value::Sandbox("/google/o/oauth2/v2/auth")),
        ("GoogleTokenUrl", Value::Sandbox("/google/token")),
        ("GoogleJwksUrl", Value::Sandbox("/google/oauth2/v3/certs")),
        ("GoogleIssuer", Value::Text(GOOGLE_ISSUER)),
    ],
    &[
        ("YandexClientId", Value::Derived(|key| yandex_client(key).id)),
        ("YandexClientSecret", Value::Derived(|key| yandex_client(key).secret)),
        ("YandexAuthorizeUrl", Value::Sandbox("/yandex/authorize")),
        ("YandexTokenUrl", Value::Sandbox("/yandex/token")),
        ("YandexInfoUrl", Value::Sandbox("/yandex/info")),
    ],
    &[
        ("YooKassaShopId", Value::Shop(|shop| shop.yookassa_shop_id)),
        ("YooKassaSecretKey", Value::Shop(|shop| shop.yookassa_secret_key)),
        ("YooKassaBaseUrl", Value::Sandbox("/yookassa/v3")),
        ("YooKassaAddresses", Value::Text("127.0.0.0/8")),
    ],
    &[
        ("RobokassaLogin", Value::Shop(|shop| shop.robokassa_login)),
        ("RobokassaPassword1", Value::Shop(|shop| shop.robokassa_password1)),
        ("RobokassaPassword2", Value::Shop(|shop| shop.robokassa_password2)),
        ("RobokassaPaymentUrl", Value::Sandbox("/robokassa/Merchant/Index.aspx")),
        ("RobokassaServiceUrl", Value::Sandbox("/robokassa/Merchant/WebService/Service.asmx")),
    ],
    &[
        ("CloudPaymentsPublicId", Value::Shop(|shop| shop.cloudpayments_public_id)),
        ("CloudPaymentsApiSecret", Value::Shop(|shop| shop.cloudpayments_api_secret)),
        ("CloudPaymentsBaseUrl", Value::Sandbox("/cloudpayments")),
    ],
    &[
        ("TBankTerminalKey", Value::Shop(|shop| shop.tbank_terminal_key)),
        ("TBankPassword", Value::Shop(|shop| shop.tbank_password)),
        ("TBankBaseUrl", Value::Sandbox("/tbank/v2")),
    ],
    &[("UnisenderBaseUrl", Value::Sandbox("/unisender")), ("UnisenderApiKey", Value::Key)],
];

/// Where development servers of web pages usually are.
const ORIGINS: [u16; 4] = [3000, 4200, 5173, 8080];

/// A parameter's end that stands for the web pages that may call a product.
const ORIGINS_SUFFIX: &str = "FrontendOrigins";
/// A parameter's end that says whether webhooks may go to this machine, where the receivers of whoever tries them are.
const WEBHOOKS_SUFFIX: &str = "WebhookAllowPrivate";
/// A parameter's end that stands for where a product is.
const PUBLIC_URL_SUFFIX: &str = "PublicUrl";
/// Ends of parameters that stand for pages of a product's front end, and the console's pages that stand in for them.
const PAGES: [(&str, &str); 2] = [("AuthReturnUrl", "signed-in"), ("PaymentReturnUrl", "paid")];
/// A parameter's end that stands for where payment providers send their notices.
const NOTICES_SUFFIX: &str = "PaymentNotificationUrl";
/// The path of those notices.
pub(crate) const NOTICES_PATH: &str = "/api/v1/payments/webhook";

#[derive(Clone, Copy)]
enum Value {
    /// A path of the sandbox.
    Sandbox(&'static str),
    /// The sandbox's key.
    Key,
    /// What belongs to the sandbox's key at this vendor.
    Derived(fn(&str) -> String),
    /// What the product's shop has at a payment provider.
    Shop(fn(Credentials) -> String),
    /// This text.
    Text(&'static str),
}

/// A vendor that the sandbox plays, for all products or for one.
struct Played {
    /// Names of the root's parameters and their values.
    parameters: Vec<(String, Value)>,
    /// The product, if it is for one.
    product: String,
}

impl Played {
    /// The parameters with their values, where the sandbox at `sandbox` has the key `key`.
    fn at<'a>(&'a self, sandbox: &'a str, key: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
        self.parameters.iter().map(move |(name, value)| {
            let value = match value {
                Value::Sandbox(path) => format!("{sandbox}{path}"),
                Value::Key => key.to_owned(),
                Value::Derived(of) => of(key),
                Value::Shop(of) => of(Credentials::of(key, &self.product)),
                Value::Text(text) => (*text).to_owned(),
            };
            (name.clone(), value)
        })
    }
}

/// The vendors for which the root has parameters: these are `known`.
fn played(known: &BTreeSet<&str>) -> Vec<Played> {
    let mut owners = vec![("", String::new())];
    owners.extend(products(known.iter().copied()));
    let of = |vendor: &&[(&str, Value)], (prefix, product): &(&str, String)| {
        let named = vendor.iter().map(|(name, value)| (format!("{prefix}{name}"), *value));
        // A template need not have every vendor, and what is set in one product's template is set there only.
        let is_for = |name: &str| known.contains(name_in_root(name)) && (prefix.is_empty() || !name.contains('.'));
        let parameters = named.filter(|(name, _)| is_for(name)).collect();
        Played { parameters, product: product.clone() }
    };
    let all = SANDBOXED.iter().flat_map(|vendor| owners.iter().map(move |owner| of(vendor, owner)));
    all.filter(|played| !played.parameters.is_empty()).collect()
}

/// A file of parameters that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        cause: std::io::Error,
    },
    /// It is not a flat table of names and values.
    #[error("{}: {cause}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        cause: Box<toml::de::Error>,
    },
}

/// What surrounds the products in a local run.
pub(crate) struct Surroundings<'a> {
    /// Where the sandbox is.
    pub(crate) sandbox: &'a str,
    /// The sandbox's key.
    pub(crate) sandbox_key: &'a str,
    /// The port of the start page, whose API references call the products.
    pub(crate) console: u16,
    /// Where products are, by name.
    pub(crate) products: &'a BTreeMap<String, String>,
}

/// The products that want to know where they are, by what their parameters begin with: `EasyWriter` for `easy-writer`.
pub(crate) fn products<'a>(known: impl IntoIterator<Item = &'a str>) -> Vec<(&'a str, String)> {
    let prefixes = known.into_iter().filter_map(|name| name.strip_suffix(PUBLIC_URL_SUFFIX));
    prefixes.map(|prefix| (prefix, kebab(prefix))).collect()
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(character.to_lowercase());
    }
    kebab
}

/// Where the vendors are that the sandbox plays, and the keys that it takes: for a stack that runs somewhere else, whose template has these
/// parameters (`known`) and whose vendors are to be the sandbox at `sandbox`, with the key `key`.
pub fn sandboxed(known: &BTreeSet<&str>, sandbox: &str, key: &str) -> Parameters {
    let all = played(known);
    // Parameters of one product's template are for a stack that reads the templates itself.
    all.iter().flat_map(|played| played.at(sandbox, key)).filter(|(name, _)| known.contains(name.as_str())).collect()
}

/// What the root template calls a parameter that one product's template is given.
fn name_in_root(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, name)| name)
}

/// What suits a local run, beneath what the operator `chose`. `known` are the parameters that the template has.
pub(crate) fn resolve(known: &BTreeSet<&str>, surroundings: &Surroundings, chosen: &Parameters) -> Parameters {
    let mut parameters = Parameters::new();
    let is_chosen = |name: &str| chosen.contains_key(name) || chosen.contains_key(name_in_root(name));
    for vendor in played(known) {
        if vendor.parameters.iter().take(2).any(|(name, _)| is_chosen(name)) {
            continue;
        }
        let played = vendor.at(surroundings.sandbox, surroundings.sandbox_key);
        parameters.extend(played.filter(|(name, _)| !is_chosen(name)));
    }
    let hosts = ["localhost", "127.0.0.1"];
    let ports: BTreeSet<u16> = ORIGINS.into_iter().chain([surroundings.console]).collect();
    let origins = ports.iter().flat_map(|port| hosts.map(|host| format!("http://{host}:{port}")));
    let origins = origins.collect::<Vec<_>>().join(",");
    parameters.extend(
        known.iter().filter(|name| name.ends_with(ORIGINS_SUFFIX)).map(|name| ((*name).to_owned(), origins.clone())),
    );
    let webhooks = known.iter().filter(|name| name.ends_with(WEBHOOKS_SUFFIX));
    parameters.extend(webhooks.map(|name| ((*name).to_owned(), "true".to_owned())));
    for (prefix, product) in products(known.iter().copied()) {
        let Some(url) = surroundings.products.get(&product) else { continue };
        parameters.insert(format!("{prefix}{PUBLIC_URL_SUFFIX}"), url.clone());
        parameters.insert(format!("{prefix}{NOTICES_SUFFIX}"), format!("{url}{NOTICES_PATH}"));
        for (suffix, page) in PAGES {
            let page = format!("http://localhost:{}/{product}/{page}", surroundings.console);
            parameters.insert(format!("{prefix}{suffix}"), page);
        }
    }
    // What the operator names must exist, and the template says so if it does not.
    parameters.retain(|name, _| known.contains(name_in_root(name)));
    parameters.extend(chosen.clone());
    parameters
}

/// The parameters in `parameters.toml` of the folder, if there is one.
pub fn read(folder: &Path) -> Result<Parameters, Error> {
    let path = folder.join("parameters.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Parameters::new()),
        Err(cause) => return Err(Error::File { path, cause }),
    };
    let table: BTreeMap<String, Plain> =
        toml::from_str(&text).map_err(|cause| Error::Malformed { path, cause: Box::new(cause) })?;
    Ok(table.into_iter().map(|(name, value)| (name, value.into_text())).collect())
}

/// A value as people write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Plain {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Plain {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(chosen: &[(&str, &str)]) -> Parameters {
        let known = [
            "OpenAiBaseUrl",
            "OpenAiApiKey",
            "OpenAiModel",
            "GigaChatBaseUrl",
            "GigaChatAuthorizationKey",
            "GigaChatAuthUrl",
            "EasyWriterFrontendOrigins",
            "EasyWriterPublicUrl",
            "EasyWriterAuthReturnUrl",
            "EasyWriterYooKassaShopId",
            "EasyWriterYooKassaSecretKey",
            "EasyWriterYooKassaBaseUrl",
            "AggregatorWebhookAllowPrivate",
            "NewProductPublicUrl",
            "NewProductYooKassaShopId",
            "NewProductYooKassaSecretKey",
        ];
        let chosen = chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let products = [("easy-writer".to_owned(), "http://localhost:8100".to_owned())].into();
        let around =
            Surroundings { sandbox: "http://127.0.0.1:8090", sandbox_key: "key", console: 8180, products: &products };
        resolve(&known.into(), &around, &chosen)
    }

    #[test]
    fn products_know_where_they_and_their_pages_are() {
        let parameters = resolved(&[]);
        assert_eq!(parameters["EasyWriterPublicUrl"], "http://localhost:8100");
        assert_eq!(parameters["EasyWriterAuthReturnUrl"], "http://localhost:8180/easy-writer/signed-in");
        assert!(!parameters.contains_key("EasyWriterPaymentReturnUrl"), "the template has no such parameter");
        let chosen = resolved(&[("EasyWriterPublicUrl", "https://tunnel.example")]);
        assert_eq!(chosen["EasyWriterPublicUrl"], "https://tunnel.example");
    }

    #[test]
    fn the_sandbox_plays_a_vendor_until_the_operator_sets_it() {
        let untouched = resolved(&[]);
        assert_eq!(untouched["OpenAiBaseUrl"], "http://127.0.0.1:8090/openai/v1");
        assert_eq!((untouched["OpenAiApiKey"].as_str(), untouched["OpenAiModel"].as_str()), ("key", "sandbox"));
        let real = resolved(&[("OpenAiApiKey", "sk-real")]);
        assert_eq!(real["OpenAiApiKey"], "sk-real");
        assert!(!real.contains_key("OpenAiBaseUrl"), "the template's default is the vendor's own address");
        let slow = resolved(&[("OpenAiModel", "sandbox-slow")]);
        assert_eq!((slow["OpenAiModel"].as_str(), slow["OpenAiApiKey"].as_str()), ("sandbox-slow", "key"));
    }

    #[test]
    fn a_vendor_can_be_played_for_one_product() {
        let untouched = resolved(&[]);
        assert_eq!(untouched["Aggregator.GigaChatBaseUrl"], "http://127.0.0.1:8090/gigachat/api/v1");
        assert!(!untouched.contains_key("GigaChatBaseUrl") && !untouched.contains_key("Aggregator.AnthropicApiKey"));
        for name in ["GigaChatAuthorizationKey", "Aggregator.GigaChatBaseUrl"] {
            let real = resolved(&[(name, "real")]);
            assert_eq!(real.keys().filter(|name| name.contains("GigaChat")).collect::<Vec<_>>(), [name]);
        }
        let elsewhere = resolved(&[("GigaChatAuthUrl", "http://x")]);
        assert!(elsewhere.contains_key("Aggregator.GigaChatBaseUrl"));
        assert!(!elsewhere.contains_key("Aggregator.GigaChatAuthUrl"), "the root hands the operator's on");
        let known = ["OpenAiApiKey", "GigaChatBaseUrl", "EasyWriterPublicUrl", "EasyWriterTBankPassword"];
        let elsewhere = sandboxed(&known.into(), "http://x", "key");
        assert_eq!(elsewhere.keys().collect::<Vec<_>>(), ["EasyWriterTBankPassword", "OpenAiApiKey"]);
    }

    #[test]
    fn each_product_has_a_shop_of_its_own_for_nothing() {
        let shop = |parameters: &Parameters, name: &str| parameters.get(name).cloned();
        let untouched = resolved(&[]);
        let of = |product| Some(Credentials::of("key", product).yookassa_shop_id);
        assert_eq!(shop(&untouched, "EasyWriterYooKassaShopId"), of("easy-writer"));
        assert_eq!(shop(&untouched, "NewProductYooKassaShopId"), of("new-product"));
        assert!(!untouched.contains_key("NewProductYooKassaBaseUrl"), "the template has no such parameter");
        let real = resolved(&[("NewProductYooKassaSecretKey", "real")]);
        assert_eq!(shop(&real, "NewProductYooKassaShopId"), None);
        assert_eq!(shop(&real, "EasyWriterYooKassaShopId"), of("easy-writer"));
    }

    #[test]
    fn web_pages_under_development_may_call() {
        for page in ["http://localhost:5173", "http://127.0.0.1:8180"] {
            assert!(resolved(&[])["EasyWriterFrontendOrigins"].split(',').any(|origin| origin == page), "{page}");
        }
        assert_eq!(resolved(&[("EasyWriterFrontendOrigins", "https://x")])["EasyWriterFrontendOrigins"], "https://x");
    }

    #[test]
    fn webhooks_may_come_to_this_machine() {
        assert_eq!(resolved(&[])["AggregatorWebhookAllowPrivate"], "true");
        let strict = resolved(&[("AggregatorWebhookAllowPrivate", "false")]);
        assert_eq!(strict["AggregatorWebhookAllowPrivate"], "false");
    }

    #[test]
    fn a_file_holds_names_and_values() {
        let folder = tempfile::TempDir::new().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Parameters::new());
        std::fs::write(folder.path().join("parameters.toml"), "OpenAiModel = \"m\"\nSeconds = 5\n").unwrap();
        assert_eq!(read(folder.path()).unwrap()["Seconds"], "5");
        std::fs::write(folder.path().join("parameters.toml"), "OpenAiModel").unwrap();
        assert!(matches!(read(folder.path()), Err(Error::Malformed { .. })));
    }
}
