//! AI Aggregator: delivers webhooks.
//!
//! Queue: `WebhookQueue`, messages [`DeliveryMessage`]. A message may come any number of times: the delivery's lease
//! decides which worker sends, its due time when. A company whose endpoint is disabled for failing gets an email.

use std::sync::Arc;

use domain::aggregator::{PRODUCT, WebhookNotifier};
use domain::webhooks::{DeliveryMessage, DeliveryWorker};
use edge::{ConfigError, Function, Platform, Registration, malformed};
use vendors::mail::{MailSettings, mailer};
use vendors::webhook::{WebhookSettings, webhook_sender};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "webhook-worker", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (identity, _) = platform.authenticator(&table)?;
    let settings = WebhookSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let mail = MailSettings::read(|name| platform.vars.get(name));
    let mail = mail.map_err(|error| malformed(error.name, &error.reason))?;
    let sender = webhook_sender(settings, Arc::clone(&platform.clock));
    let notifier = WebhookNotifier {
        delivery_worker: DeliveryWorker::new(platform.deliveries(&table)?, sender),
        identity,
        mailer: mailer(mail, &platform.clock),
        enabling: |endpoint| format!(r#"PATCH /api/v1/webhooks/{endpoint} с телом {{"isActive": true}}"#),
    };
    Ok(Function::sqs(move |message: DeliveryMessage| {
        let notifier = notifier.clone();
        async move { notifier.deliver(message).await }
    }))
}
