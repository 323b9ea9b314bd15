//! AI Aggregator: the function `webhooks`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "webhooks", aggregator_webhooks::function).await
}
