//! The reference page of rules, made from the tables that the rules are read by.

use std::fmt::Write as _;

use super::vocabulary::{FACTS, meaning, word};

/// The page `docs/reference/rules.md`, as Markdown.
pub fn reference() -> String {
    let mut page = String::new();
    for fact in FACTS {
        let _ = writeln!(page, "| `{}` | {} |", word(fact), meaning(fact));
    }
    page
}
