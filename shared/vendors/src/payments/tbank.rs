//! T-Bank acquiring (formerly Tinkoff), protocol EACQ v2.
//!
//! A payment is created by `Init` with our id as `OrderId`; it is single-stage. All answers are HTTP 200. Requests,
//! some answers and notifications have a `Token`: SHA-256 of the values of all root scalars and the password, sorted by
//! name.
//!
//! A notification has the state of a payment. A single-stage payment sends AUTHORIZED and CONFIRMED almost at once and
//! in any order; only the latter is money. REJECTED is final for the payment, but the payer may retry the same order
//! with another `PaymentId`: it is reported as a failed attempt.
//!
//! **Refunds.** The documentation calls `Amount` of a notification "the current amount of the transaction" and leaves
//! open whether that is the rest or the refund after a partial refund. A partial refund is therefore reported with the
//! amount zero, which the domain escalates to a person; `GetState` has the same ambiguity. REFUNDED is reported with
//! its amount, which is the payment's after a full refund; after partial refunds it is unverified.
//!
//! Source: developer.tbank.ru, "EACQ protocol" 1.8 (2025-11). Unverified: the code of `CheckOrder` for an unknown
//! order; it is reported as `Rejected`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{Amount, Clock, PaymentId};
use domain::payments::provider::{
    Acknowledgement, Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider,
    PaymentProviderError, PaymentRef, PaymentUpdate, ProviderId, Refunded, Verdict, WebhookRequest,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::money::whole_kopecks;
use super::signature::{SignatureHash, is_same_hex};
use super::{
    MAX_REPLY, ROUBLES, ReceiptSettings, TIMEOUTS, Unreadable, opened, plain, refused, secrets_of, told_unreadable,
};
use crate::http::{HttpClient, endpoint, within};
use crate::{Secret, Timeouts};

/// Format of `RedirectDueDate`, in UTC.
const DATE: &str = "%Y-%m-%dT%H:%M:%S+00:00";

#[derive(Debug, Clone)]
pub struct TBankSettings {
    /// That of a test terminal ends in `DEMO`.
    pub terminal_key: String,
    pub password: Secret,
    pub base_url: String,
    pub test: bool,
    /// URL for notifications. Default: that of the terminal's settings.
    pub notification_url: Option<String>,
    /// Without it no receipts are sent. Must have the taxation.
    pub receipt: Option<ReceiptSettings>,
    pub timeouts: Timeouts,
}

impl TBankSettings {
    pub const DEFAULT_BASE_URL: &str = "https://securepay.tinkoff.ru/v2";

    pub fn new(terminal_key: impl Into<String>, password: Secret) -> Self {
        Self {
            terminal_key: terminal_key.into(),
            password,
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            test: false,
            notification_url: None,
            receipt: None,
            timeouts: TIMEOUTS,
        }
    }
}

/// T-Bank acquiring.
pub struct TBank {
    settings: TBankSettings,
    http: HttpClient,
}

/// The attempts at an order.
#[derive(Deserialize)]
struct Attempts {
    #[serde(rename = "Payments", default)]
    payments: Vec<Box<RawValue>>,
}

impl TBank {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: TBankSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("tbank", settings.timeouts, clock);
        Self { settings, http }
    }

    /// Calls a method with a signed request. Returns the answer if it succeeded.
    async fn call(
        &self,
        method: &str,
        mut request: Map<String, Value>,
        secrets: &[Secret],
    ) -> Result<Vec<u8>, PaymentProviderError> {
        let TBankSettings { terminal_key, password, base_url, .. } = &self.settings;
        request.insert("TerminalKey".to_owned(), terminal_key.as_str().into());
        let unsigned =
            serde_json::to_vec(&request).map_err(|error| PaymentProviderError::Rejected(error.to_string()))?;
        let token = token(&Fields::of_json(&unsigned).map_err(told_unreadable)?, password);
        request.insert("Token".to_owned(), token.clone().into());
        let post = self.http.post(endpoint(base_url, &format!("/{method}")))?.json(&request);
        let secrets: Vec<_> = secrets.iter().cloned().chain([password.clone(), Secret::new(token)]).collect();
        let answer = self.http.open_hiding(post, secrets.clone()).await?;
        let answer = answer.whole(MAX_REPLY).await?;
        let fields = Fields::of_json(&answer).map_err(told_unreadable)?;
        match fields.get("Success") {
            Some("true") => Ok(answer),
            Some("false") => {
                let told = [fields.get("Message"), fields.get("Details")].into_iter().flatten();
                let message = told.collect::<Vec<_>>().join(": ");
                Err(refused(fields.get("ErrorCode").unwrap_or_default(), &message, &secrets))
            }
            _ => Err(PaymentProviderError::Broken("the answer says neither yes nor no".to_owned())),
        }
    }

    async fn init(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        let mut request = root(json!({
            "Amount": order.amount.units(),
            "OrderId": order.payment.to_string(),
            "Description": order.description,
            "PayType": "O",
            "RedirectDueDate": order.expires_at.strftime(DATE).to_string(),
            "SuccessURL": order.return_url,
            "FailURL": order.return_url,
        }));
        if let Some(url) = &self.settings.notification_url {
            request.insert("NotificationURL".to_owned(), url.as_str().into());
        }
        if let (Some(receipt), Some(email)) = (self.settings.receipt, &order.email) {
            request.insert("Receipt".to_owned(), receipt.tbank(order, email)?);
        }
        let answer = self.call("Init", request, &secrets_of(&self.settings.password, order)).await?;
        let answer = Fields::of_json(&answer).map_err(told_unreadable)?;
        let field = |name| answer.require(name).map_err(told_unreadable);
        opened(field("PaymentURL")?, Some(field("PaymentId")?))
    }

    /// All attempts at an order.
    async fn attempts(&self, asked: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        let request = root(json!({ "OrderId": asked.payment.to_string() }));
        let answer = self.call("CheckOrder", request, &[]).await?;
        let Attempts { payments } =
            serde_json::from_slice(&answer).map_err(|error| told_unreadable(Unreadable::json("attempts", &error)))?;
        let mut reports = Vec::new();
        for payment in payments {
            let payment = Fields::of_json(payment.get().as_bytes()).map_err(told_unreadable)?;
            reports.extend(self.report(&payment, asked.payment).map_err(told_unreadable)?);
        }
        Ok(reports)
    }

    /// The state of one attempt.
    async fn state(
        &self,
        asked: &PaymentRef,
        provider_payment: &str,
    ) -> Result<Option<PaymentUpdate>, PaymentProviderError> {
        let request = root(json!({ "PaymentId": provider_payment }));
        let answer = self.call("GetState", request, &[]).await?;
        let answer = Fields::of_json(&answer).map_err(told_unreadable)?;
        if our_id(&answer) != Some(asked.payment) || answer.get("PaymentId") != Some(provider_payment) {
            return Err(PaymentProviderError::Broken("another payment than asked for".to_owned()));
        }
        self.report(&answer, asked.payment).map_err(told_unreadable)
    }

    async fn reports(&self, asked: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        let Some(id) = &asked.provider_payment else { return self.attempts(asked).await };
        match self.state(asked, id).await? {
            // There may be another attempt since.
            Some(PaymentUpdate { event: PaymentEvent::Declined, .. }) => self.attempts(asked).await,
            report => Ok(report.into_iter().collect()),
        }
    }

    /// The update of a payment's state; none for intermediate states.
    fn report(&self, fields: &Fields, payment: PaymentId) -> Result<Option<PaymentUpdate>, Unreadable> {
        let event = match fields.require("Status")? {
            "CONFIRMED" => PaymentEvent::Paid,
            "AUTHORIZED" => PaymentEvent::Authorized,
            "REJECTED" => PaymentEvent::Declined,
            "CANCELED" | "DEADLINE_EXPIRED" | "REVERSED" => PaymentEvent::Canceled,
            "REFUNDED" | "PARTIAL_REFUNDED" => PaymentEvent::Refunded(Refunded::InAll),
            // AUTH_FAIL too: the documentation calls it an intermediate state.
            _ => return Ok(None),
        };
        let amount = match fields.get("Status") {
            Some("PARTIAL_REFUNDED") => Amount::ZERO,
            _ => whole_kopecks(fields.require("Amount")?)?,
        };
        Ok(Some(PaymentUpdate {
            payment,
            number: None,
            provider_payment: fields.require("PaymentId")?.to_owned(),
            event,
            amount,
            // Notifications have no currency: a terminal has one.
            currency: ROUBLES.to_owned(),
            test: self.settings.test,
        }))
    }

    fn read(&self, fields: &Fields) -> Result<Notification, Unreadable> {
        // Bound cards and accounts; they have no order.
        let Some(payment) = our_id(fields).filter(|_| fields.get("NotificationType").is_none()) else {
            return Ok(Notification::Irrelevant);
        };
        let report = self.report(fields, payment)?;
        let is_money =
            matches!(report, Some(PaymentUpdate { event: PaymentEvent::Paid | PaymentEvent::Authorized, .. }));
        if is_money && fields.get("Success") != Some("true") {
            return Err(Unreadable::new("money without success"));
        }
        Ok(report.map_or(Notification::Irrelevant, Notification::Update))
    }
}

/// The token of a message: SHA-256 of the values of its root scalars and the password, sorted by name.
fn token(fields: &Fields, password: &Secret) -> String {
    let named = fields.iter().filter(|(name, _)| !matches!(*name, "Token" | "Password"));
    let mut named: Vec<_> = named.chain([("Password", password.expose())]).collect();
    named.sort_unstable();
    SignatureHash::Sha256.hex(&named.into_iter().map(|(_, value)| value).collect::<String>())
}

fn root(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(root) => root,
        _ => Map::new(),
    }
}

/// Our id of an order; `None` for orders created elsewhere, such as by hand in the shop's account.
fn our_id(fields: &Fields) -> Option<PaymentId> {
    fields.get("OrderId")?.parse().ok()
}

#[async_trait]
impl PaymentProvider for TBank {
    fn id(&self) -> ProviderId {
        ProviderId::TBank
    }

    fn is_test(&self) -> bool {
        self.settings.test
    }

    /// A repeat for the same order is rejected: its number is taken.
    async fn open(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        within(self.settings.timeouts.total, self.init(order)).await
    }

    async fn read_notification(&self, notice: WebhookRequest<'_>) -> Result<Notification, NotificationError> {
        let fields = Fields::of_json(notice.body)?;
        let told = fields.get("Token").unwrap_or_default();
        if !is_same_hex(&token(&fields, &self.settings.password), told) {
            return Err(NotificationError::Forged("the token is wrong"));
        }
        if fields.get("TerminalKey") != Some(self.settings.terminal_key.as_str()) {
            return Err(NotificationError::Forged("it is of another terminal"));
        }
        Ok(self.read(&fields)?)
    }

    fn acknowledge(&self, _: &Notification, _: Verdict) -> Acknowledgement {
        plain("OK")
    }

    async fn look_up(&self, payment: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        within(self.settings.timeouts.total, self.reports(payment)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs are those of the vendor's documentation and of public SDKs.
    #[test]
    fn tokens_are_those_of_other_implementations() {
        let notice = r#"{"TerminalKey":"1321054611234DEMO","OrderId":"201709","Success":true,"Status":"AUTHORIZED","PaymentId":8742591,
            "ErrorCode":"0","Amount":9855,"RebillId":101709,"CardId":322264,"Pan":"430000******0777","ExpDate":"1122"}"#;
        let confirmed = r#"{"TerminalKey":"1321054611234DEMO","OrderId":"ord-42","Success":true,"Status":"CONFIRMED","PaymentId":"13660",
            "ErrorCode":"0","Amount":99000,"CardId":322264,"Pan":"430000******0777","ExpDate":"1230","Data":{"plan":"pro"}}"#;
        for (json, password, expected) in [
            (
                r#"{"TerminalKey":"MerchantTerminalKey","Amount":19200,"OrderId":"00000","Description":"Подарочная карта на 1000 рублей",
                    "DATA":{"Phone":"+71234567890"},"Receipt":{"Items":[]}}"#,
                "11111111111111",
                "72dd466f8ace0a37a1f740ce5fb78101712bc0665d91a8108c7c8a0ccd426db2",
            ),
            (
                r#"{"TerminalKey":"MerchantTerminalKey","Amount":19200,"OrderId":"21090","Description":"Подарочная карта на 1000 рублей"}"#,
                "usaf8fw8fsw21g",
                "0024a00af7c350a3a67ca168ce06502aa72772456662e38696d48b56ee9c97d9",
            ),
            (
                r#"{"Amount":100000,"Description":"test","OrderId":"TokenExample","TerminalKey":"TinkoffBankTest"}"#,
                "TinkoffBankTest",
                "48d4ca825aab2ede06736d3eae099bd56ac97bd1bcdd598aff210f729de4eb21",
            ),
            (notice, "Dfsfh56dgKl", "b906d28e76c6428e37b25fcf86c0adc52c63d503013fdd632e300593d165766b"),
            (
                r#"{"TerminalKey":"TinkoffBankTest","PaymentId":"10063"}"#,
                "TinkoffBankTest",
                "8fa774f8c1f0869c2f00840eea8c74c45b7990f07c437210116adf242163ac65",
            ),
            (
                r#"{"TerminalKey":"TinkoffBankTest","PaymentId":"10063","RebillId":"145919"}"#,
                "TinkoffBankTest",
                "147bca6892302bb81e9e9692c3854e20787db100e4a4ad37e42b00fef67743a1",
            ),
            (confirmed, "TinkoffBankTest", "19aed3ef9747646cac706540f56804d0eabc1402dfd23315b60bc3083697b6e8"),
        ] {
            let fields = Fields::of_json(json.as_bytes()).unwrap();
            assert_eq!(token(&fields, &Secret::new(password)), expected, "{json}");
        }
    }
}
