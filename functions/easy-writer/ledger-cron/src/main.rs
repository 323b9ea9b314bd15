//! Easy Writer: the function `ledger-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_ledger_cron::FUNCTION)
}
