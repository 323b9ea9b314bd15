//! AI Aggregator: every five minutes, asks payment providers about payments whose notices may have been lost.
//!
//! What a provider says about a payment is settled exactly as a notice is, so a question too many does no harm. Payments that nobody paid are
//! given up a day after their end; money that comes later still is credited.

use std::sync::Arc;

use domain::aggregator::{PRODUCT, describe_payment};
use domain::payments::{Announcer, Payments};
use edge::{ConfigError, Function, Platform, Registration, malformed};
use vendors::payments::{PaymentProvidersSettings, payment_providers};

/// The function.
pub const FUNCTION: Registration = Registration::new(PRODUCT, "reconciliation-cron", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = PaymentProvidersSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let table = platform.table()?;
    let announcer = Announcer { deliveries: platform.deliveries(&table)?, describe: describe_payment };
    let payments = Payments::new(table, payment_providers(settings, &clock), clock, ids).announced_by(announcer);
    Ok(Function::schedule(move || {
        let payments = payments.clone();
        async move { payments.reconcile().await.told() }
    }))
}
