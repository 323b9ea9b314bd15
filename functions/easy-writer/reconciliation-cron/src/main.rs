//! Easy Writer: asks payment providers about payments that they told nothing about.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "reconciliation-cron", easy_writer_reconciliation_cron::function).await
}
