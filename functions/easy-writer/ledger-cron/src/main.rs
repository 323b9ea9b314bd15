//! Easy Writer: adds up every account.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "ledger-cron", easy_writer_ledger_cron::function).await
}
