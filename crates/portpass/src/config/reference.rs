//! The reference page, from the types' own comments.
