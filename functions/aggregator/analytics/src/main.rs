//! AI Aggregator: the function `analytics`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_analytics::FUNCTION)
}
