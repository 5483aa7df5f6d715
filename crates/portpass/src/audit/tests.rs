//! What is written, and when.
