//! `cargo run`: starts the local stack and runs it until Ctrl-C.

use std::process::ExitCode;

fn main() -> ExitCode {
    quintet::cli::main()
}
