//! The configuration file: raw text in, valid types out.

pub mod place;

pub use self::place::{Fault, Located, Place};
