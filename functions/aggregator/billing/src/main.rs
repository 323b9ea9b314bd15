//! AI Aggregator: the function `billing`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "billing", aggregator_billing::function).await
}
