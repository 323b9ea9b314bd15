//! AI Aggregator: the function `webhook-worker`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "webhook-worker", aggregator_webhook_worker::function).await
}
