//! The commands, one file for each.

pub mod keys;
