//! Easy Writer: the function `image-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_image_worker::FUNCTION)
}
