//! Webhooks to companies' servers: the context `webhooks` as this product sets it up, and who publishes to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use store::{MAX_WRITES, Queue, Table};
use uuid::Uuid;

use super::PRODUCT_NAME;
use super::events::{EVENTS, USAGE_TRACKED, UsageTracked};
use super::ids::CompanyId;
use super::record::UsageMessage;
use super::usage::{Call, Uncounted, UsageLog, sums};
use crate::identity::Identity;
use crate::kernel::{Clock, Error, IdSource, Result};
use crate::mail::{self, Mail, SharedMailer};
use crate::webhooks::{
    AttemptOutcome, Deliveries, DeliveryMessage, DeliveryWorker, DisabledReason, EgressPolicy, Endpoint, EndpointId,
    Endpoints, event_id,
};

/// The endpoints of companies, to create and change them. `egress` says which addresses are allowed.
pub fn endpoints(table: Table, egress: EgressPolicy, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Endpoints {
    Endpoints::new(table, EVENTS, egress, clock, ids)
}

/// Deliveries to companies, to publish and send them. `queue` is the webhook worker's.
pub fn deliveries(table: Table, queue: Queue, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Deliveries {
    // These endpoints are only read, so no address is checked.
    Deliveries::new(endpoints(table, EgressPolicy::Internet, clock, ids), queue)
}

/// Counts calls and publishes [`USAGE_TRACKED`].
#[derive(Clone)]
pub struct UsageReporter {
    pub usage: UsageLog,
    pub deliveries: Deliveries,
}

impl UsageReporter {
    /// Counts calls and publishes one [`USAGE_TRACKED`] for each, however often its message is delivered.
    ///
    /// Calls of one company are counted in one transaction: their sums are written once for all of them, and the calls
    /// do not contend. Returns the result of each message, in order; a failure may be that of a whole transaction.
    pub async fn count(&self, messages: &[UsageMessage]) -> Vec<Result<(), Arc<Error>>> {
        // Duplicates of a message are one call.
        let mut companies: BTreeMap<CompanyId, BTreeMap<Uuid, &UsageMessage>> = BTreeMap::new();
        for message in messages {
            companies.entry(message.company).or_default().insert(message.operation, message);
        }
        let counting = companies.into_values().map(|calls| self.count_together(calls.into_values().collect()));
        let failed: HashMap<Uuid, Arc<Error>> = join_all(counting).await.into_iter().flatten().collect();
        let counted = |message: &UsageMessage| failed.get(&message.operation).map_or(Ok(()), |e| Err(Arc::clone(e)));
        messages.iter().map(counted).collect()
    }

    /// Counts calls of one company. Returns those that failed.
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
            // If the batch is rejected as a whole, one message is bad: retry each alone.
            let is_rejected = calls.len() > 1 && matches!(error, store::Error::Internal { .. });
            if !is_rejected && !refused.contains(&true) {
                let error = Arc::new(Error::from(error));
                failed.extend(calls.iter().map(|call| (call.message.operation, Arc::clone(&error))));
                continue;
            }
            for ((call, messages), refused) in calls.into_iter().zip(sending).zip(refused) {
                if !is_rejected && !refused {
                    // Another call failed the transaction: retry without it.
                    open.push((call, messages));
                    continue;
                }
                match self.usage.capture_late(&call).await {
                    Ok(true) => self.deliveries.send(&messages).await,
                    Ok(false) => {}
                    Err(error) => failed.push((call.message.operation, Arc::new(error))),
                }
            }
        }
        failed
    }

    /// A call, with the deliveries of its event.
    async fn planned<'a>(&self, message: &'a UsageMessage) -> Result<(Call<'a>, Vec<DeliveryMessage>)> {
        let at = message.began_at();
        let id = event_id(at, &[USAGE_TRACKED, &message.operation.to_string()]);
        let data = UsageTracked::from(message);
        let planned = self.deliveries.plan(message.company.into(), USAGE_TRACKED, &data, id, at).await?;
        Ok((Call { message, also: planned.writes }, planned.messages))
    }
}

/// Makes attempts of deliveries, and emails a company whose endpoint gets disabled.
#[derive(Clone)]
pub struct WebhookNotifier {
    pub delivery_worker: DeliveryWorker,
    pub identity: Identity,
    /// `None` where no mail service is configured.
    pub mailer: Option<SharedMailer>,
    /// The request that enables an endpoint again, as the email shows it.
    pub enabling: fn(EndpointId) -> String,
}

impl WebhookNotifier {
    /// Makes the attempt that `message` asks for.
    pub async fn deliver(&self, message: DeliveryMessage) -> Result<()> {
        let AttemptOutcome::EndpointDisabled(endpoint) = self.delivery_worker.attempt(message).await? else {
            return Ok(());
        };
        tracing::warn!(endpoint = %endpoint.id, reason = ?endpoint.disabled, "webhook disabled");
        let company = self.identity.user(CompanyId::from(endpoint.owner).into()).await?;
        let key = format!("webhook-{}-{}", endpoint.id, endpoint.updated_at.as_millisecond());
        mail::notify(
            self.mailer.as_ref(),
            &disabled_email(company.address(), &endpoint, &(self.enabling)(endpoint.id)),
            &key,
        )
        .await;
        Ok(())
    }
}

fn disabled_email(to: &str, endpoint: &Endpoint, enabling: &str) -> Mail {
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
