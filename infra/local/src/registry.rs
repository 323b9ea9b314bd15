//! Which library is behind which function of the templates.

use edge::Start;

/// Every function of the repository, by the name of its binary. A function that is in a template and not here stops the start.
const FUNCTIONS: &[(&str, Start)] = &[
    ("aggregator-analytics", aggregator_analytics::function),
    ("aggregator-auth", aggregator_auth::function),
    ("aggregator-billing", aggregator_billing::function),
    ("aggregator-chat", aggregator_chat::function),
    ("aggregator-ledger-cron", aggregator_ledger_cron::function),
    ("aggregator-maintenance-cron", aggregator_maintenance_cron::function),
    ("aggregator-payments", aggregator_payments::function),
    ("aggregator-reconciliation-cron", aggregator_reconciliation_cron::function),
    ("aggregator-usage-worker", aggregator_usage_worker::function),
    ("aggregator-webhook-worker", aggregator_webhook_worker::function),
    ("aggregator-webhooks", aggregator_webhooks::function),
    ("easy-writer-auth", easy_writer_auth::function),
    ("easy-writer-generation", easy_writer_generation::function),
    ("easy-writer-generation-worker", easy_writer_generation_worker::function),
    ("easy-writer-greeting-worker", easy_writer_greeting_worker::function),
    ("easy-writer-image-worker", easy_writer_image_worker::function),
    ("easy-writer-images", easy_writer_images::function),
    ("easy-writer-ledger-cron", easy_writer_ledger_cron::function),
    ("easy-writer-maintenance-cron", easy_writer_maintenance_cron::function),
    ("easy-writer-payments", easy_writer_payments::function),
    ("easy-writer-reconciliation-cron", easy_writer_reconciliation_cron::function),
    ("easy-writer-socket", easy_writer_socket::function),
    ("easy-writer-tools", easy_writer_tools::function),
    ("easy-writer-user", easy_writer_user::function),
];

/// The library behind the function called `name`.
pub(crate) fn find(name: &str) -> Option<Start> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, start)| *start)
}
