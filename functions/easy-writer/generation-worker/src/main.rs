//! Easy Writer: runs background sessions.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_generation_worker::function).await
}
