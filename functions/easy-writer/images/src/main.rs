//! Easy Writer: the function `images`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_images::FUNCTION)
}
