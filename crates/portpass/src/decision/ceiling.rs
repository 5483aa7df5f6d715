//! What an API token may do at most.

/// Patterns of repositories, by action; nothing above them is ever granted.
#[derive(Clone, Debug, Default)]
pub struct Ceiling {}

impl Ceiling {
    /// Reads patterns (globs without placeholders). As in rules, push implies pull.
    ///
    /// # Errors
    ///
    /// What is wrong with the first that is no pattern, in words.
    pub fn parse(_pull: &[String], _push: &[String], _delete: &[String]) -> Result<Self, String> {
        todo!()
    }
}
