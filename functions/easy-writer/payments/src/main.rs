//! Easy Writer: buying raits over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "payments", easy_writer_payments::function).await
}
