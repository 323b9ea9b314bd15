//! AI Aggregator: the function `analytics`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "analytics", aggregator_analytics::function).await
}
