//! What companies' servers are told about: the events, and the context `webhooks` as this product has it. Owners of endpoints are companies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::value::RawValue;
use store::{MAX_WRITES, Queue, Table};
use uuid::Uuid;

use super::PRODUCT_NAME;
use super::access::KeyId;
use super::price::dollars;
use super::settlement::UsageMessage;
use super::usage::{Call, Uncounted, UsageLog, sums, time_of};
use crate::identity::Identity;
use crate::kernel::{Amount, Clock, Error, IdSource, Result, UserId};
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
    /// Counts calls and has their companies told: each endpoint gets one [`USAGE_TRACKED`] of each call, however often its message comes.
    ///
    /// Calls of one company are counted in one transaction. Their sums are then written once for all of them, and the calls are not in each other's
    /// way. Returns what became of each message, in their order: a failure may be that of a whole transaction.
    pub async fn count(&self, messages: &[UsageMessage]) -> Vec<Result<(), Arc<Error>>> {
        // A message that is there twice is one.
        let mut companies: BTreeMap<UserId, BTreeMap<Uuid, &UsageMessage>> = BTreeMap::new();
        for message in messages {
            companies.entry(message.company).or_default().insert(message.operation, message);
        }
        let counting = companies.into_values().map(|calls| self.count_together(calls.into_values().collect()));
        let failed: HashMap<Uuid, Arc<Error>> = join_all(counting).await.into_iter().flatten().collect();
        let counted = |message: &UsageMessage| failed.get(&message.operation).map_or(Ok(()), |e| Err(Arc::clone(e)));
        messages.iter().map(counted).collect()
    }

    /// Counts calls of one company. Returns those that could not be.
    async fn count_together(&self, messages: Vec<&UsageMessage>) -> Vec<(Uuid, Arc<Error>)> {
        let mut failed = Vec::new();
        let mut open = Vec::new();
        for message in messages {
            match self.planned(message).await {
                Ok(planned) => open.push(planned),
                Err(error) => failed.push((message.operation, Arc::new(error))),
            }
        }
        while !open.is_empty() {
            let (mut writes, mut shared) = (0, BTreeSet::new());
            let fitting = open.iter().take_while(|(call, _)| {
                writes += call.writes();
                shared.extend(sums(call.message));
                writes + shared.len() <= MAX_WRITES
            });
            let rest = open.split_off(fitting.count().max(1));
            let (calls, sending): (Vec<_>, Vec<_>) = open.into_iter().unzip();
            open = rest;
            let Uncounted { error, refused } = match self.usage.count(&calls).await {
                Ok(()) => {
                    self.deliveries.send(&sending.concat()).await;
                    continue;
                }
                Err(uncounted) => uncounted,
            };
            // If the batch is rejected as a whole, one call is bad: each is counted alone.
            let is_rejected = calls.len() > 1 && matches!(error, store::Error::Internal { .. });
            if !is_rejected && !refused.contains(&true) {
                let error = Arc::new(Error::from(error));
                failed.extend(calls.iter().map(|call| (call.message.operation, Arc::clone(&error))));
                continue;
            }
            for ((call, messages), refused) in calls.into_iter().zip(sending).zip(refused) {
                if !is_rejected && !refused {
                    // It was in company with one that could not be counted like this; without it, it can.
                    open.push((call, messages));
                    continue;
                }
                match self.usage.make_up_for(&call).await {
                    Ok(true) => self.deliveries.send(&messages).await,
                    Ok(false) => {}
                    Err(error) => failed.push((call.message.operation, Arc::new(error))),
                }
            }
        }
        failed
    }

    /// A call, with what its company is to be told.
    async fn planned<'a>(&self, message: &'a UsageMessage) -> Result<(Call<'a>, Vec<DeliveryMessage>)> {
        let at = time_of(message);
        let id = event_id(at, &[USAGE_TRACKED, &message.operation.to_string()]);
        let data = TrackedData::from(message);
        let planned = self.deliveries.plan(message.company.into(), USAGE_TRACKED, &data, id, at).await?;
        Ok((Call { message, also: planned.writes }, planned.messages))
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
