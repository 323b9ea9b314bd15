//! Easy Writer: past and running sessions over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "generation", easy_writer_generation::function).await
}
