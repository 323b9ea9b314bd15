//! AI Aggregator: the function `auth`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "auth", aggregator_auth::function).await
}
