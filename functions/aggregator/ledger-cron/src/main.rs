//! AI Aggregator: adds up every account.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "ledger-cron", aggregator_ledger_cron::function).await
}
