//! Where in the files a value stands, so that an error can point at it.

/// A piece of one of the files that make up the configuration.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// Which file: an index into the list of files that were read.
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Located<T> {
    pub value: T,
    pub at: Place,
}

/// Something wrong with the configuration, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong, in words that fit after the place; and the way out.
    pub message: String,
    pub at: Place,
}
