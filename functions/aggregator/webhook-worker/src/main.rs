//! AI Aggregator: the function `webhook-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_webhook_worker::FUNCTION)
}
