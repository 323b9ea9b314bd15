//! The function `ledger-cron`, which every product deploys.

fn main() -> Result<(), edge::RunError> {
    edge::run(ledger_cron::FUNCTION)
}
