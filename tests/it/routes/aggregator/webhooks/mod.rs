//! `functions/aggregator/webhooks`

mod change_webhook;
mod create_webhook;
mod delete_webhook;
mod list_deliveries;
mod list_webhooks;
mod replay_delivery;
mod show_webhook;
mod test_webhook;
