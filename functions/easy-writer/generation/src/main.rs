//! Easy Writer: the function `generation`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_generation::FUNCTION)
}
