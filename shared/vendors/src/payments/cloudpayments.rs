//! CloudPayments.
//!
//! The page is that of an order (`POST /orders/create`), with our id as `InvoiceId` and as `X-Request-ID`, so that a
//! repeat within an hour returns the same order. The payment gets its id (`TransactionId`) when somebody pays; each
//! attempt has its own.
//!
//! Every type of notification has its own URL, because notifications have no type: `check`, `pay`, `fail`, `confirm`,
//! `refund`, `recurrent`, `cancel`. All are verified by `Content-HMAC` over the raw message: the body, or the query
//! string of a GET. The shop must be set to UTF-8; form and JSON are both accepted.
//!
//! Source: developers.cloudpayments.ru and developers.cloudkassir.ru (2026). Notifications of refunds and cancellations
//! have neither the currency nor the test flag: orders are in roubles only, and the settings have the flag.

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{Clock, PaymentId};
use domain::payments::provider::{
    Acknowledgement, Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider,
    PaymentProviderError, PaymentRef, PaymentUpdate, ProviderId, Refunded, Verdict, WebhookRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::fields::Fields;
use super::money::roubles_number;
use super::receipt::CustomerReceipt;
use super::signature::is_hmac_sha256;
use super::{MAX_REPLY, ROUBLES, ReceiptSettings, TIMEOUTS, Unreadable, opened, refused, secrets_of, told_unreadable};
use crate::http::{HttpClient, endpoint, within};
use crate::{Secret, Timeouts};

#[derive(Debug, Clone)]
pub struct CloudPaymentsSettings {
    pub public_id: String,
    /// Also signs notifications.
    pub api_secret: Secret,
    pub base_url: String,
    pub test: bool,
    /// Without it no receipts are sent.
    pub receipt: Option<ReceiptSettings>,
    pub timeouts: Timeouts,
}

impl CloudPaymentsSettings {
    pub const DEFAULT_BASE_URL: &str = "https://api.cloudpayments.ru";

    pub fn new(public_id: impl Into<String>, api_secret: Secret) -> Self {
        Self {
            public_id: public_id.into(),
            api_secret,
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            test: false,
            receipt: None,
            timeouts: TIMEOUTS,
        }
    }
}

pub struct CloudPayments {
    settings: CloudPaymentsSettings,
    http: HttpClient,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OrderBody<'a> {
    amount: Box<RawValue>,
    currency: &'static str,
    description: &'a str,
    invoice_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    require_confirmation: bool,
    send_email: bool,
    success_redirect_url: &'a str,
    fail_redirect_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_data: Option<JsonData>,
}

#[derive(Serialize)]
struct JsonData {
    cloudpayments: Data,
}

#[derive(Serialize)]
struct Data {
    #[serde(rename = "CustomerReceipt")]
    receipt: CustomerReceipt,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    success: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    model: Option<Box<RawValue>>,
}

/// Types of notifications.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Check,
    Pay,
    Fail,
    Confirm,
    Refund,
    Recurrent,
    Cancel,
}

impl Kind {
    fn read(kind: &str) -> Result<Self, Unreadable> {
        match kind {
            "check" => Ok(Self::Check),
            "pay" => Ok(Self::Pay),
            "fail" => Ok(Self::Fail),
            "confirm" => Ok(Self::Confirm),
            "refund" => Ok(Self::Refund),
            "recurrent" => Ok(Self::Recurrent),
            "cancel" => Ok(Self::Cancel),
            _ => Err(Unreadable::new("there is no such kind of notice")),
        }
    }
}

impl CloudPayments {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: CloudPaymentsSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("cloudpayments", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        request_id: Option<PaymentId>,
        secrets: Vec<Secret>,
    ) -> Result<Reply, PaymentProviderError> {
        let CloudPaymentsSettings { public_id, api_secret, base_url, .. } = &self.settings;
        let mut post = self.http.post(endpoint(base_url, path))?;
        post = post.basic_auth(public_id, Some(api_secret.expose())).json(body);
        if let Some(id) = request_id {
            post = post.header("X-Request-ID", id.to_string());
        }
        let answer = self.http.open_hiding(post, secrets).await?;
        Ok(answer.json("answer", MAX_REPLY).await?)
    }

    async fn create(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        let receipt = self.settings.receipt.zip(order.email.as_deref());
        let receipt = receipt.map(|(receipt, email)| receipt.cloudpayments(order, email)).transpose()?;
        let body = OrderBody {
            amount: roubles_number(order.amount).map_err(told_unreadable)?,
            currency: ROUBLES,
            description: &order.description,
            invoice_id: order.payment.to_string(),
            email: order.email.as_deref(),
            require_confirmation: false,
            send_email: false,
            success_redirect_url: &order.return_url,
            fail_redirect_url: &order.return_url,
            json_data: receipt.map(|receipt| JsonData { cloudpayments: Data { receipt } }),
        };
        let secrets = secrets_of(&self.settings.api_secret, order);
        let reply = self.post("/orders/create", &body, Some(order.payment), secrets.clone()).await?;
        if !reply.success {
            return Err(refused("", reply.message.as_deref().unwrap_or_default(), &secrets));
        }
        let order =
            reply.fields()?.ok_or_else(|| PaymentProviderError::Broken("the answer has no order".to_owned()))?;
        opened(order.require("Url").map_err(told_unreadable)?, None)
    }

    /// The last operation of an order: a payment, an attempt at one, or a refund. `None` if there is none.
    async fn last_operation(&self, payment: PaymentId) -> Result<Option<Fields>, PaymentProviderError> {
        self.operation("/v2/payments/find", &json!({ "InvoiceId": payment.to_string() })).await
    }

    async fn operation(
        &self,
        path: &str,
        question: &serde_json::Value,
    ) -> Result<Option<Fields>, PaymentProviderError> {
        let secrets = vec![self.settings.api_secret.clone()];
        let reply = self.post(path, question, None, secrets.clone()).await?;
        let message = reply.message.as_deref().unwrap_or_default();
        // A declined attempt has `Success: false` too, but with a model.
        match reply.fields()? {
            Some(operation) => Ok(Some(operation)),
            None if message.eq_ignore_ascii_case("not found") => Ok(None),
            None => Err(refused("", message, &secrets)),
        }
    }

    async fn reports(&self, asked: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        let Some(last) = self.last_operation(asked.payment).await? else { return Ok(Vec::new()) };
        if is_payment(&last) {
            // The refund and its amount are not in this answer: a person has to look.
            if last.get("Refunded") == Some("true") {
                return Err(PaymentProviderError::Broken("the payment is refunded, its refund is not told".to_owned()));
            }
            return Ok(self.operation_report(&last, asked.payment)?.into_iter().collect());
        }
        let original = id(&last, "OriginalTransactionId").map_err(told_unreadable)?;
        let original: u64 = original.parse().map_err(|_| told_unreadable(no_id()))?;
        let payment = self.operation("/payments/get", &json!({ "TransactionId": original })).await?.filter(is_payment);
        let payment = payment.ok_or_else(|| PaymentProviderError::Broken("a refund of no payment".to_owned()))?;
        // The refund goes first, so that refunded money is never credited.
        let refund = self.refund(&last, "OriginalTransactionId", asked.payment).map_err(told_unreadable)?;
        Ok([refund].into_iter().chain(self.operation_report(&payment, asked.payment)?).collect())
    }

    fn operation_report(
        &self,
        operation: &Fields,
        asked: PaymentId,
    ) -> Result<Option<PaymentUpdate>, PaymentProviderError> {
        if our_id(operation) != Some(asked) {
            return Err(PaymentProviderError::Broken("an operation of another order".to_owned()));
        }
        let event = match operation.get("Status") {
            Some("Completed") => PaymentEvent::Paid,
            Some("Authorized") => PaymentEvent::Authorized,
            Some("Cancelled") => PaymentEvent::Canceled,
            Some("Declined") => PaymentEvent::Declined,
            Some("AwaitingAuthentication") => return Ok(None),
            _ => return Err(PaymentProviderError::Broken("an operation has an unknown status".to_owned())),
        };
        self.report(operation, asked, event).map(Some).map_err(told_unreadable)
    }

    fn is_proved(&self, message: &[u8], notice: &WebhookRequest<'_>) -> bool {
        let mac = (notice.header)("content-hmac").unwrap_or_default();
        is_hmac_sha256(self.settings.api_secret.expose(), message, &mac)
    }

    /// The meaning of a verified notification about our order.
    fn read(&self, kind: Kind, fields: &Fields, payment: PaymentId) -> Result<Notification, Unreadable> {
        let event = match (kind, fields.get("Status")) {
            (Kind::Recurrent, _) => return Ok(Notification::Irrelevant),
            (Kind::Refund, _) => return self.refund(fields, "PaymentTransactionId", payment).map(Notification::Update),
            (Kind::Check, _) => {
                return self.report(fields, payment, PaymentEvent::Authorized).map(Notification::PrePaymentCheck);
            }
            (Kind::Pay, Some("Authorized")) => PaymentEvent::Authorized,
            (Kind::Pay, Some("Completed")) | (Kind::Confirm, _) => PaymentEvent::Paid,
            (Kind::Pay, _) => return Err(Unreadable::new("a payment has an unknown status")),
            (Kind::Fail, _) => PaymentEvent::Declined,
            (Kind::Cancel, _) => PaymentEvent::Canceled,
        };
        self.report(fields, payment, event).map(Notification::Update)
    }

    fn report(&self, fields: &Fields, payment: PaymentId, event: PaymentEvent) -> Result<PaymentUpdate, Unreadable> {
        Ok(PaymentUpdate {
            payment,
            number: None,
            provider_payment: id(fields, "TransactionId")?,
            event,
            amount: fields.roubles("Amount")?,
            currency: fields.get("Currency").unwrap_or(ROUBLES).to_owned(),
            test: self.is_test_of(fields)?,
        })
    }

    /// A refund, of the payment whose id is in the field `original`.
    fn refund(&self, fields: &Fields, original: &'static str, payment: PaymentId) -> Result<PaymentUpdate, Unreadable> {
        let event = PaymentEvent::Refunded(Refunded::One { id: id(fields, "TransactionId")? });
        Ok(PaymentUpdate { provider_payment: id(fields, original)?, ..self.report(fields, payment, event)? })
    }

    fn is_test_of(&self, fields: &Fields) -> Result<bool, Unreadable> {
        match fields.get("TestMode").map(str::to_ascii_lowercase).as_deref() {
            None => Ok(self.settings.test),
            Some("1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(_) => Err(Unreadable::new("the test mode is neither on nor off")),
        }
    }
}

impl Reply {
    fn fields(&self) -> Result<Option<Fields>, PaymentProviderError> {
        let model = self.model.as_deref().map(|model| Fields::of_json(model.get().as_bytes()));
        model.transpose().map_err(told_unreadable)
    }
}

/// Whether an operation is a payment, and not a refund or a payout.
fn is_payment(operation: &Fields) -> bool {
    matches!(operation.get("Type"), None | Some("0"))
}

/// Our id of an order; `None` for payments created elsewhere, such as by hand in the site's account.
fn our_id(fields: &Fields) -> Option<PaymentId> {
    fields.get("InvoiceId")?.parse().ok()
}

fn no_id() -> Unreadable {
    Unreadable::new("an operation's id is not one")
}

/// The provider's id of an operation: an integer.
fn id(fields: &Fields, name: &'static str) -> Result<String, Unreadable> {
    let id = fields.require(name)?;
    let is_number = id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| id.to_owned()).ok_or_else(no_id)
}

fn coded(code: u8) -> Acknowledgement {
    Acknowledgement { content_type: "application/json", body: format!(r#"{{"code":{code}}}"#) }
}

#[async_trait]
impl PaymentProvider for CloudPayments {
    fn id(&self) -> ProviderId {
        ProviderId::CloudPayments
    }

    fn is_test(&self) -> bool {
        self.settings.test
    }

    async fn open(&self, order: &Order) -> Result<Opened, PaymentProviderError> {
        within(self.settings.timeouts.total, self.create(order)).await
    }

    async fn read_notification(&self, notice: WebhookRequest<'_>) -> Result<Notification, NotificationError> {
        let kind = Kind::read(notice.kind)?;
        let message = if notice.body.is_empty() { notice.query.as_bytes() } else { notice.body };
        if !self.is_proved(message, &notice) {
            return Err(NotificationError::Forged("the signature is wrong"));
        }
        let is_json = !notice.body.is_empty()
            && notice.content_type.trim_start().to_ascii_lowercase().starts_with("application/json");
        let fields = if is_json { Fields::of_json(message)? } else { Fields::of_form(message)? };
        match our_id(&fields) {
            Some(payment) => Ok(self.read(kind, &fields, payment)?),
            // Zero would allow the payment.
            None if kind == Kind::Check => Err(Unreadable::new("a question about an order that is not ours").into()),
            None => Ok(Notification::Irrelevant),
        }
    }

    fn acknowledge(&self, notice: &Notification, verdict: Verdict) -> Acknowledgement {
        coded(match (notice, verdict) {
            (Notification::Update(_) | Notification::Irrelevant, _)
            | (Notification::PrePaymentCheck(_), Verdict::Accepted) => 0,
            (Notification::PrePaymentCheck(_), Verdict::UnknownPayment) => 10,
            (Notification::PrePaymentCheck(_), Verdict::WrongAmount) => 12,
            (Notification::PrePaymentCheck(_), Verdict::Refused) => 13,
            (Notification::PrePaymentCheck(_), Verdict::Expired) => 20,
        })
    }

    /// Only the last operation of an order is returned. If it is a refund, the payment is fetched too; earlier refunds
    /// had their notifications. Unverified: a refund's `Type` is not 0 and `OriginalTransactionId` is its payment.
    async fn look_up(&self, payment: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError> {
        within(self.settings.timeouts.total, self.reports(payment)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "supersecret";

    /// Made with the vendor's TypeScript SDK.
    #[test]
    fn signatures_of_notices_are_those_of_other_implementations() {
        let pay = "TransactionId=897728064&Amount=990.00&Currency=RUB&DateTime=2026-10-02%2012%3A00%3A00&TestMode=1&Status=Completed\
            &OperationType=Payment&InvoiceId=ord-42&AccountId=user%2B42%40example.com&Data=%7B%22plan%22%3A%22pro%22%7D\
            &Description=%D0%9F%D0%BE%D0%B4%D0%BF%D0%B8%D1%81%D0%BA%D0%B0";
        for (message, mac) in [
            ("AccountId=user%2B42&Description=Hello+World", "5yxiIp3Qv3ampXjt2l8f/MDUce/F3hy7pcTwYmCrRbg="),
            (pay, "qZONZhcOXYJG75Hw4vbwf+OZYvKwK09LL1SYZV6EPm0="),
            (
                r#"{"TransactionId":77,"Amount":42,"InvoiceId":"ord-42"}"#,
                "+vlvN9w7m9xex7q+hH8pFCLotaKJLtwq2Vyv8cfsVrs=",
            ),
        ] {
            assert!(is_hmac_sha256(SECRET, message.as_bytes(), mac), "{message}");
            assert!(!is_hmac_sha256("another", message.as_bytes(), mac), "{message}");
        }
    }
}
