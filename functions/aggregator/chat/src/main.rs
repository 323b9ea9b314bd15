//! AI Aggregator: the function `chat`.

fn main() -> Result<(), edge::RunError> {
    edge::run(aggregator_chat::FUNCTION)
}
