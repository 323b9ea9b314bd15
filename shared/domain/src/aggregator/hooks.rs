//! What companies' servers are told about: the events, and the context `webhooks` as this product has it. Owners of endpoints are companies.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use store::{Queue, Table};
use uuid::Uuid;

use super::PRODUCT_NAME;
use super::access::KeyId;
use super::price::dollars;
use super::settlement::UsageMessage;
use super::usage::{UsageLog, time_of};
use crate::identity::Identity;
use crate::kernel::{Amount, Clock, IdSource, Result, UserId};
use crate::mail::{self, Mail, SharedMailer};
use crate::webhooks::{
    Attempted, Courier, Deliveries, DeliveryMessage, DisabledReason, Endpoint, Endpoints, Reach, event_id,
};

/// A payment came in and is on the account.
pub const PAYMENT_SUCCEEDED: &str = "payment.succeeded";
/// A payment will not come.
pub const PAYMENT_FAILED: &str = "payment.failed";
/// A call was counted.
pub const USAGE_TRACKED: &str = "usage.tracked";

/// All that a company can ask to be told.
pub const EVENTS: &[&str] = &[PAYMENT_SUCCEEDED, PAYMENT_FAILED, USAGE_TRACKED];

/// The endpoints of companies, for whoever makes and changes them: addresses are as far away as `reach` says.
pub fn endpoints(table: Table, reach: Reach, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Endpoints {
    Endpoints::new(table, EVENTS, reach, clock, ids)
}

/// What is on its way to companies, for whoever publishes or sends it. `queue` is the one of the webhook worker.
pub fn deliveries(table: Table, queue: Queue, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Deliveries {
    // Nothing is made or changed with these, so nothing is checked against the reach.
    Deliveries::new(endpoints(table, Reach::Internet, clock, ids), queue)
}

/// Counts calls and tells of them.
#[derive(Clone)]
pub struct UsageReporter {
    /// Where they are counted.
    pub usage: UsageLog,
    /// How they are told.
    pub deliveries: Deliveries,
}

impl UsageReporter {
    /// Counts a call and has its company told, in one transaction: each endpoint gets one [`USAGE_TRACKED`], however often the message comes.
    pub async fn count(&self, message: &UsageMessage) -> Result<()> {
        let at = time_of(message);
        let id = event_id(at, &[USAGE_TRACKED, &message.operation.to_string()]);
        let data = TrackedData::from(message);
        let planned = self.deliveries.plan(message.company.into(), USAGE_TRACKED, &data, id, at).await?;
        if self.usage.count(message, planned.writes).await? {
            self.deliveries.send(&planned.messages).await;
        }
        Ok(())
    }
}

/// What [`USAGE_TRACKED`] says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TrackedData<'a> {
    company_id: UserId,
    /// The transaction of the call in the statement; the digits in the id of its answer.
    call_id: Uuid,
    /// `null` for calls that were made with an access token.
    api_key_id: Option<KeyId>,
    model: &'a str,
    provider: &'a str,
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    cost: Box<RawValue>,
    currency: &'static str,
    created_at: String,
}

impl<'a> From<&'a UsageMessage> for TrackedData<'a> {
    fn from(message: &'a UsageMessage) -> Self {
        let details = &message.details;
        let cost = RawValue::from_string(dollars(Amount::new(message.cost)));
        Self {
            company_id: message.company,
            call_id: message.operation,
            api_key_id: details.key,
            model: &details.model,
            provider: &details.provider,
            prompt_tokens: details.prompt,
            completion_tokens: details.completion,
            total_tokens: details.prompt + details.completion,
            cost: cost.unwrap_or_else(|_| RawValue::NULL.to_owned()),
            currency: "USD",
            created_at: format!("{:.3}", time_of(message)),
        }
    }
}

/// Sends what is on its way to companies, and writes a letter to a company whose endpoint does not take it any more.
#[derive(Clone)]
pub struct Postman {
    /// Who sends.
    pub courier: Courier,
    /// Who knows the addresses of companies.
    pub identity: Identity,
    /// Who delivers letters; nobody where no service is configured.
    pub mailer: Option<SharedMailer>,
}

impl Postman {
    /// Makes the attempt that a message asks for.
    pub async fn deliver(&self, message: DeliveryMessage) -> Result<()> {
        let Attempted::EndpointDisabled(endpoint) = self.courier.attempt(message).await? else { return Ok(()) };
        tracing::warn!(endpoint = %endpoint.id, reason = ?endpoint.disabled, "webhook disabled");
        let company = self.identity.user(endpoint.owner.as_uuid().into()).await?;
        let key = format!("webhook-{}-{}", endpoint.id, endpoint.updated_at.as_millisecond());
        mail::notify(self.mailer.as_ref(), &letter(company.address(), &endpoint), &key).await;
        Ok(())
    }
}

fn letter(to: &str, endpoint: &Endpoint) -> Mail {
    let reason = match endpoint.disabled {
        Some(DisabledReason::Gone) => "Сервер ответил 410: события ему больше не нужны.",
        Some(DisabledReason::Failing) | None => "Сервер слишком долго не принимал события.",
    };
    Mail {
        to: to.to_owned(),
        subject: "Вебхук отключён".to_owned(),
        text: format!(
            "Здравствуйте!\n\nМы отключили вебхук {} компании в {PRODUCT_NAME}:\n\n{}\n\n{reason} Пока вебхук отключён, события на этот адрес не \
             отправляются.\n\nКогда сервер будет готов, включите вебхук: PATCH /api/v1/webhooks/{} с телом {{\"isActive\": true}}. События, которые \
             не дошли, можно отправить ещё раз из журнала доставок; они хранятся 30 дней.\n",
            endpoint.id, endpoint.url, endpoint.id
        ),
    }
}
