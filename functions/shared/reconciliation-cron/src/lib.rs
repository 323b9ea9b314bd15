//! Every five minutes, asks payment providers about payments whose notifications may be lost.
//!
//! A provider's answer is settled exactly as a notification is, so asking twice does no harm. Unpaid payments are given
//! up a day after they expire; money that arrives later is still credited.

use std::sync::Arc;

use domain::payments::{PaymentEventPublisher, Payments};
use domain::{aggregator, easy_writer};
use edge::{ConfigError, Function, Platform, Registration, malformed};
use vendors::payments::{PaymentProvidersSettings, payment_providers};

pub const FUNCTION: Registration = Registration::shared("reconciliation-cron", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = PaymentProvidersSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let table = platform.table()?;
    let payments = Payments::new(table.clone(), payment_providers(settings, &clock), clock, ids);
    let payments = match platform.product()? {
        easy_writer::PRODUCT => payments,
        aggregator::PRODUCT => {
            let deliveries = platform.deliveries(&table)?;
            payments.with_event_publisher(PaymentEventPublisher { deliveries, describe: aggregator::describe_payment })
        }
        _ => return Err(malformed("PRODUCT", &"no such product has payments")),
    };
    Ok(Function::schedule(move || {
        let payments = payments.clone();
        async move { payments.reconcile().await.told() }
    }))
}
