//! Easy Writer: the function `auth`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_auth::FUNCTION)
}
