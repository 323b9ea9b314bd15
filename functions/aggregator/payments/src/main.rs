//! AI Aggregator: the function `payments`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "payments", aggregator_payments::function).await
}
