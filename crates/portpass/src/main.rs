//! Reads the arguments, runs one command, prints one error.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A token is made of some hundred small pieces of memory: with the system's
/// allocator they cost as much as its signature, and most with musl's. Without huge
/// pages, what is resident is what was used.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    portpass::cli::run(std::env::args_os())
}
