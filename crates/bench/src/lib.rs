//! What the programs that measure have in common.

pub mod answer;
pub mod connection;
pub mod cores;
pub mod figures;
pub mod fill;
pub mod jobs;
pub mod load;
pub mod process;
pub mod requests;
pub mod rows;
pub mod schedule;
pub mod server;
pub mod signer;

use std::io::Write as _;

/// Says on standard error how far it is: standard output is the answer.
pub fn progress(text: &str) {
    // Nobody to read it is no reason to stop.
    let _ = writeln!(std::io::stderr(), "    {text}");
}
