//! Easy Writer: finds and repairs what got stuck.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::RunError> {
    edge::run("easy-writer", "maintenance-cron", easy_writer_maintenance_cron::function).await
}
