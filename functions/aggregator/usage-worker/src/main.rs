//! AI Aggregator: the function `usage-worker`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "usage-worker", aggregator_usage_worker::function).await
}
