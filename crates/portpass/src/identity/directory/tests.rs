//! Proofs, end to end.
