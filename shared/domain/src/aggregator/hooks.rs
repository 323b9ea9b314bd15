//! What companies' servers are told about: the events, and the context `webhooks` as this product has it. Owners of endpoints are companies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use store::{Queue, Table};
use uuid::Uuid;

use super::PRODUCT_NAME;
use super::events::{EVENTS, USAGE_TRACKED, UsageTracked};
use super::ids::CompanyId;
use super::record::UsageMessage;
use super::usage::{Call, UsageLog, sums};
use crate::identity::Identity;
use crate::kernel::{Clock, Error, IdSource, Result};
use crate::mail::{self, Mail, SharedMailer};
use crate::webhooks::{
    Attempted, Courier, Deliveries, DeliveryMessage, DisabledReason, Endpoint, EndpointId, Endpoints, Reach, event_id,
};

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

/// How many writes a transaction may have: DynamoDB's limit.
const MAX_WRITES: usize = 100;

impl UsageReporter {
    /// Counts calls and has their companies told: each endpoint gets one [`USAGE_TRACKED`] of each call, however often its message comes.
    ///
    /// Calls of one company are counted in one transaction. Their sums are then written once for all of them, and the calls are not in each other's
    /// way. Returns what became of each message, in their order: a failure may be that of a whole transaction.
    pub async fn count(&self, messages: &[UsageMessage]) -> Vec<Result<(), Arc<Error>>> {
        // A message that is there twice is one.
        let mut companies: BTreeMap<CompanyId, BTreeMap<Uuid, &UsageMessage>> = BTreeMap::new();
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
            let error = match self.usage.count(&calls).await {
                Ok(()) => {
                    self.deliveries.send(&sending.concat()).await;
                    continue;
                }
                Err(error) => error,
            };
            // What is refused as a whole, one of them is to blame for. It must not be the fate of the others.
            let is_refused = calls.len() > 1 && matches!(error, store::Error::Internal { .. });
            let is_odd = |index: usize| is_refused || error.failed_write(index).is_some();
            if !(0..calls.len()).any(is_odd) {
                let error = Arc::new(Error::from(error));
                failed.extend(calls.iter().map(|call| (call.message.operation, Arc::clone(&error))));
                continue;
            }
            for (index, (call, messages)) in calls.into_iter().zip(sending).enumerate() {
                if !is_odd(index) {
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
        let at = message.began_at();
        let id = event_id(at, &[USAGE_TRACKED, &message.operation.to_string()]);
        let data = UsageTracked::from(message);
        let planned = self.deliveries.plan(message.company.into(), USAGE_TRACKED, &data, id, at).await?;
        Ok((Call { message, also: planned.writes }, planned.messages))
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
    /// The request that enables an endpoint again, as the email shows it.
    pub enabling: fn(EndpointId) -> String,
}

impl Postman {
    /// Makes the attempt that a message asks for.
    pub async fn deliver(&self, message: DeliveryMessage) -> Result<()> {
        let Attempted::EndpointDisabled(endpoint) = self.courier.attempt(message).await? else { return Ok(()) };
        tracing::warn!(endpoint = %endpoint.id, reason = ?endpoint.disabled, "webhook disabled");
        let company = self.identity.user(CompanyId::from(endpoint.owner).into()).await?;
        let key = format!("webhook-{}-{}", endpoint.id, endpoint.updated_at.as_millisecond());
        mail::notify(self.mailer.as_ref(), &letter(company.address(), &endpoint, &(self.enabling)(endpoint.id)), &key)
            .await;
        Ok(())
    }
}

fn letter(to: &str, endpoint: &Endpoint, enabling: &str) -> Mail {
    let reason = match endpoint.disabled {
        Some(DisabledReason::Gone) => "Сервер ответил 410: события ему больше не нужны.",
        Some(DisabledReason::Failing) | None => "Сервер слишком долго не принимал события.",
    };
    Mail {
        to: to.to_owned(),
        subject: "Вебхук отключён".to_owned(),
        text: format!(
            "Здравствуйте!\n\nМы отключили вебхук {} компании в {PRODUCT_NAME}:\n\n{}\n\n{reason} Пока вебхук отключён, события на этот адрес не \
             отправляются.\n\nКогда сервер будет готов, включите вебхук: {enabling}. События, которые не дошли, можно отправить ещё раз из журнала \
             доставок; они хранятся 30 дней.\n",
            endpoint.id, endpoint.url
        ),
    }
}
