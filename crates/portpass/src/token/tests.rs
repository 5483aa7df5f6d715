//! Tokens as a registry sees them, and keys over time.
