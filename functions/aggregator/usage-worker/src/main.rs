//! AI Aggregator: the function `usage-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_usage_worker::FUNCTION)
}
