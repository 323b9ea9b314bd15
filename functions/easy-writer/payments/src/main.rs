//! Easy Writer: the function `payments`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_payments::FUNCTION)
}
