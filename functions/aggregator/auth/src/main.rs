//! AI Aggregator: the function `auth`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_auth::FUNCTION)
}
