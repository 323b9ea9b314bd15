//! Easy Writer: runs background sessions.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "generation-worker", easy_writer_generation_worker::function).await
}
