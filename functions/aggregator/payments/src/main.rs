//! AI Aggregator: the function `payments`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_payments::FUNCTION)
}
