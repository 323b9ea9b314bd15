//! Easy Writer: the function `greeting-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_greeting_worker::FUNCTION)
}
