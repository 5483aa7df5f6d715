//! The laws that several targets share.

use std::fmt::Display;

/// Longest reason of a refusal whose words are ours alone, in bytes.
const LONGEST_OF_OURS: usize = 300;

/// A reason in words of ours: one line, and not long.
#[track_caller]
pub(crate) fn is_brief(message: &impl Display) {
    is_one_line(message, LONGEST_OF_OURS);
}

/// A message of one line that a terminal shows and does not obey.
#[track_caller]
pub(crate) fn is_one_line(message: &impl Display, longest: usize) {
    let message = message.to_string();
    assert!(!message.is_empty(), "a message says something");
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.len() <= longest, "{} bytes", message.len());
}
