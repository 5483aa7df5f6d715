//! Reads the arguments, runs one command, prints one error.

use std::process::ExitCode;

fn main() -> ExitCode {
    portpass::cli::run(std::env::args_os())
}
