//! AI Aggregator: the function `billing`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_billing::FUNCTION)
}
