//! Easy Writer: the function `tools`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_tools::FUNCTION)
}
