//! Easy Writer: pictures.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "images", easy_writer_images::function).await
}
