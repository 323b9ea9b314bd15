//! Easy Writer: the function `reconciliation-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_reconciliation_cron::FUNCTION)
}
