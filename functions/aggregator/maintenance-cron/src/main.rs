//! AI Aggregator: the function `maintenance-cron`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "maintenance-cron", aggregator_maintenance_cron::function).await
}
