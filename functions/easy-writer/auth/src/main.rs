//! Easy Writer: accounts and sessions over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "auth", easy_writer_auth::function).await
}
