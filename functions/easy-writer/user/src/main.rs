//! Easy Writer: the function `user`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_user::FUNCTION)
}
