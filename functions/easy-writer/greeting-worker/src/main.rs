//! Easy Writer: greets fresh WebSocket connections.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "greeting-worker", easy_writer_greeting_worker::function).await
}
