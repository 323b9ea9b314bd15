//! AI Aggregator: asks payment providers about payments that they told nothing about.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "reconciliation-cron", aggregator_reconciliation_cron::function).await
}
