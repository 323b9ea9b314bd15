//! AI Aggregator: the function `maintenance-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_maintenance_cron::FUNCTION)
}
