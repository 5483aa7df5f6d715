//! One file per command.

pub mod dev;
