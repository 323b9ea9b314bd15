//! Easy Writer: the signed-in user over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "user", easy_writer_user::function).await
}
