//! What is remembered, and for how long.
