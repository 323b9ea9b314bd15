//! AI Aggregator: the function `ledger-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_ledger_cron::FUNCTION)
}
