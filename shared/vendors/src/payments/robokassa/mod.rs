//! Robokassa.
//!
//! The payment page is a URL that is built here, without a call. Robokassa identifies an order by its number (`InvId`,
//! an integer, unique within the shop); our id is sent as `Shp_payment` and echoed in every notification and answer.
//!
//! A notification (`ResultURL`, GET or POST) is sent only when the money has arrived. The amount is signed as written
//! and compared as a number: live notifications have six decimals, test notifications two.
//!
//! Source: docs.robokassa.ru (2026) and the company's PHP SDK. Return URLs are signed without encoding, as in
//! integrations of 2026. Notifications of holds, which are JWTs, are not accepted: holds are not used.

mod state;

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{Clock, PaymentId};
use domain::payments::provider::{
    Acknowledgement, Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider,
    PaymentProviderError, PaymentRef, PaymentUpdate, ProviderId, Verdict, WebhookRequest,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use super::fields::Fields;
use super::money::roubles;
use super::signature::{SignatureHash, is_same_hex};
use super::{MAX_REPLY, ROUBLES, ReceiptSettings, TIMEOUTS, Unreadable, opened, plain};
use crate::http::{HttpClient, endpoint, within};
use crate::{Secret, Timeouts};

/// Parameter with our id.
const OUR_PARAMETER: &str = "Shp_payment";

/// Characters of a receipt that are not percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Format of `ExpirationDate` (ISO 8601 with seven decimals), in UTC.
const DATE: &str = "%Y-%m-%dT%H:%M:%S.0000000+00:00";

#[derive(Debug, Clone)]
pub struct RobokassaSettings {
    pub login: String,
    /// Signs orders. In test mode, the test password.
    pub password1: Secret,
    /// Signs notifications and answers. In test mode, the test password.
    pub password2: Secret,
    /// As in the shop's settings.
    pub hash: SignatureHash,
    pub test: bool,
    pub payment_url: String,
    pub service_url: String,
    /// Without it no receipts are sent.
    pub receipt: Option<ReceiptSettings>,
    pub timeouts: Timeouts,
}

impl RobokassaSettings {
    pub const DEFAULT_PAYMENT_URL: &str = "https://auth.robokassa.ru/Merchant/Index.aspx";
    pub const DEFAULT_SERVICE_URL: &str = "https://auth.robokassa.ru/Merchant/WebService/Service.asmx";

    /// A shop with MD5 signatures, everything else by default.
    pub fn new(login: impl Into<String>, password1: Secret, password2: Secret) -> Self {
        Self {
            login: login.into(),
            password1,
            password2,
            hash: SignatureHash::default(),
            test: false,
            payment_url: Self::DEFAULT_PAYMENT_URL.to_owned(),
            service_url: Self::DEFAULT_SERVICE_URL.to_owned(),
            receipt: None,
            timeouts: TIMEOUTS,
        }
    }
}

pub struct Robokassa {
    settings: RobokassaSettings,
    http: HttpClient,
}

impl Robokassa {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: RobokassaSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("robokassa", settings.timeouts, clock);
        Self { settings, http }
    }

    fn sign(&self, parts: &[&str]) -> String {
        self.settings.hash.hex(&parts.join(":"))
    }

    fn page(&self, order: &Order) -> Result<String, PaymentProviderError> {
        let settings = &self.settings;
        let mut url =
            Url::parse(&settings.payment_url).map_err(|error| PaymentProviderError::Rejected(error.to_string()))?;
        let (sum, number, ours) = (roubles(order.amount), order.number.to_string(), order.payment.to_string());
        let receipt = match (settings.receipt, &order.email) {
            (Some(receipt), Some(_)) => Some(encoded(&receipt.robokassa(order)?)),
            _ => None,
        };
        let back = order.return_url.as_str();
        let shp = format!("{OUR_PARAMETER}={ours}");
        let mut signed = vec![settings.login.as_str(), &sum, &number];
        signed.extend(receipt.as_deref());
        signed.extend([back, "GET", back, "GET", settings.password1.expose(), &shp]);
        let signature = self.sign(&signed);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("MerchantLogin", &settings.login)
                .append_pair("OutSum", &sum)
                .append_pair("InvId", &number)
                .append_pair("Description", &order.description)
                .append_pair("SignatureValue", &signature)
                .append_pair("Culture", "ru")
                .append_pair("ExpirationDate", &order.expires_at.strftime(DATE).to_string())
                .append_pair("SuccessUrl2", back)
                .append_pair("SuccessUrl2Method", "GET")
                .append_pair("FailUrl2", back)
                .append_pair("FailUrl2Method", "GET")
                .append_pair(OUR_PARAMETER, &ours);
            if let Some(email) = &order.email {
                query.append_pair("Email", email);
            }
            if let Some(receipt) = &receipt {
                // Encoded for the signature already; encoded again here.
                query.append_pair("Receipt", receipt);
            }
            if settings.test {
                query.append_pair("IsTest", "1");
            }
        }
        Ok(url.into())
    }

    /// Verifies the signature with the second password. Every `Shp_` parameter is signed, sorted by name.
    fn is_proved(&self, fields: &Fields) -> Result<bool, Unreadable> {
        let shop =
            fields.iter().filter(|(name, _)| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("shp_")));
        let shop: Vec<_> = shop.map(|(name, value)| format!("{name}={value}")).collect();
        let mut signed = vec![fields.require("OutSum")?, fields.require("InvId")?, self.settings.password2.expose()];
        signed.extend(shop.iter().map(String::as_str));
        Ok(is_same_hex(&self.sign(&signed), fields.get("SignatureValue").unwrap_or_default()))
    }

    async fn state(&self, payment: &PaymentRef) -> Result<Vec<u8>, PaymentProviderError> {
        let settings = &self.settings;
        let number = payment.number.to_string();
        let signature = self.sign(&[&settings.login, &number, settings.password2.expose()]);
        let question = [("MerchantLogin", &settings.login), ("InvoiceID", &number), ("Signature", &signature)];
        let get = self.http.get(&endpoint(&settings.service_url, "/OpStateExt"))?.query(&question);
        let secrets = vec![settings.password2.clone(), Secret::new(signature)];
        let body = self.http.open_hiding(get, secrets).await?;
        Ok(body.whole(MAX_REPLY).await?)
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn number(text: &str) -> Result<u32, Unreadable> {
    text.parse().map_err(|_| Unreadable::new("a number is not one of ours"))
}

fn our_id(text: &str) -> Result<PaymentId, Unreadable> {
    text.parse().map_err(|_| Unreadable::new("our id is not one"))
}

#[async_trait]
impl PaymentProvider for Robokassa {
    fn id(&self) -> ProviderId {
        ProviderId::Robokassa
    }

    fn is_test(&self) -> bool {
        self.settings.test
    }

    /// Robokassa has no id before a payment, nor in notifications: the number takes its place.
    async fn open(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        opened(&self.page(order)?, Some(&order.number.to_string()))
    }

    async fn read_notification(&self, notice: WebhookRequest<'_>) -> Result<Notification, NotificationError> {
        let form = if notice.body.is_empty() { notice.query.as_bytes() } else { notice.body };
        let fields = Fields::of_form(form)?;
        if !self.is_proved(&fields)? {
            return Err(NotificationError::Forged("the signature is wrong"));
        }
        let number = number(fields.require("InvId")?)?;
        Ok(Notification::Update(PaymentUpdate {
            payment: our_id(fields.require(OUR_PARAMETER)?)?,
            number: Some(number),
            provider_payment: number.to_string(),
            event: PaymentEvent::Paid,
            amount: fields.roubles("OutSum")?,
            currency: ROUBLES.to_owned(),
            // The flag is not signed, but a test password proves a test without it.
            test: self.settings.test || fields.get("IsTest") == Some("1"),
        }))
    }

    fn acknowledge(&self, notice: &Notification, _: Verdict) -> Acknowledgement {
        match notice {
            Notification::Update(PaymentUpdate { number: Some(number), .. }) => plain(format!("OK{number}")),
            _ => plain("OK"),
        }
    }

    /// The API does not know test payments.
    async fn look_up(&self, payment: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        if self.settings.test {
            return Ok(Vec::new());
        }
        let answer = within(self.settings.timeouts.total, self.state(payment)).await?;
        let report = state::read(&answer, payment)?;
        Ok(report.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASHES: [SignatureHash; 2] = [SignatureHash::Md5, SignatureHash::Sha256];

    fn assert_signature(parts: &[&str], md5: &str, sha256: &str) {
        assert_eq!(HASHES.map(|hash| hash.hex(&parts.join(":"))), [md5, sha256], "{parts:?}");
    }

    #[test]
    fn signatures_are_those_of_other_implementations() {
        let (one, two) = ("testPass1", "testPass2");
        assert_signature(
            &["demo", "990.00", "77", one],
            "5f6f977c918d2e3644cdc8b50478d25f",
            "56d9d3a5e1d503d475819f9c6537524e2fcde61b632d311af9166cd88239bc29",
        );
        assert_signature(
            &["demo", "990.00", "", one],
            "f4feaa0ce6c1a0178cf71bb96bdea6bd",
            "042d9b439ce6449f6364387c762853614268bfda03be7a4623339ea4dfd79393",
        );
        assert_signature(
            &["demo", "990.00", "77", one, "Shp_plan=pro", "Shp_user=42"],
            "1c37e2dca8d9db7e128638a315aba5bf",
            "73e689aec30212cca4e4d8a537d59ca045160cb86b8eb4c8c4c20259c4bd44e8",
        );
        assert_signature(
            &["990.00", "77", one],
            "e43d4efa6ac431d42d47c436e69dc822",
            "12124cde0fb107fb858d3fa1de4eeb44f3548fbb96fc71eddbb9e018f4c86d97",
        );
        assert_signature(
            &["demo", "77", two],
            "07f9f24d84bb84d4bf09f7eea5384646",
            "c7136ca96484f5852ace6acdc3c8a2a8f0b067caa42b0a2224aeb471f3bea645",
        );
        let (back, ok, fail) = ("https://example.com/r?a=1", "https://example.com/ok", "https://example.com/fail");
        assert_signature(
            &["demo", "990.00", "77", back, ok, "GET", fail, "GET", one],
            "e69745510319b107f26e4c3db50e38ff",
            "b74317eab52889891104444b7b7a6ad858ace36e4997bf6fadf8b2bfa3d6bf09",
        );
    }

    #[test]
    fn a_receipt_is_signed_as_it_is_after_one_encoding() {
        let json = r#"{"items":[{"name":"Подписка","quantity":1,"sum":990.0,"tax":"none"}]}"#;
        let once = "%7B%22items%22%3A%5B%7B%22name%22%3A%22%D0%9F%D0%BE%D0%B4%D0%BF%D0%B8%D1%81%D0%BA%D0%B0%22%2C%22quantity%22%3A1\
            %2C%22sum%22%3A990.0%2C%22tax%22%3A%22none%22%7D%5D%7D";
        assert_eq!(encoded(json), once);
        assert_signature(
            &["demo", "990.00", "77", once, "testPass1"],
            "e0e0a5fd1404028998b67d9ad9ec4dc7",
            "9b2af6a43ca3fb07646f2d153dcd92cb7a6fb8c76d5afa915eab5e10d8b69fce",
        );
        let mut url = Url::parse("https://example.com/").unwrap();
        url.query_pairs_mut().append_pair("Receipt", &encoded(json));
        assert!(url.as_str().contains("Receipt=%257B%2522items%2522"), "{url}");
    }
}
