//! AI Aggregator: the function `webhooks`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_webhooks::FUNCTION)
}
