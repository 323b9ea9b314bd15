//! Easy Writer: the function `replay-worker`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_replay_worker::FUNCTION)
}
