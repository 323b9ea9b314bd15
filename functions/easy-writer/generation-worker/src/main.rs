//! Easy Writer: the function `generation-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_generation_worker::FUNCTION)
}
