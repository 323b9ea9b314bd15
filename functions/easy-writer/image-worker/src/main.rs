//! Easy Writer: draws and enlarges pictures.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "image-worker", easy_writer_image_worker::function).await
}
