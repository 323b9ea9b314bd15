//! Easy Writer: the function `socket`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_socket::FUNCTION)
}
