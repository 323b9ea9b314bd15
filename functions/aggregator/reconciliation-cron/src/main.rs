//! AI Aggregator: the function `reconciliation-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_reconciliation_cron::FUNCTION)
}
