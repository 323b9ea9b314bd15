//! AI Aggregator: the function `chat`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("aggregator", "chat", aggregator_chat::function).await
}
