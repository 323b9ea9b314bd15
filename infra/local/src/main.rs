//! `cargo run`: starts the local stack and runs it until Ctrl-C.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// All products answer from this one process, in many threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    quintet::cli::main()
}
