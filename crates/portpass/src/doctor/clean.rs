//! Text that came from elsewhere, fit to be shown.

use std::collections::BTreeSet;

/// Longest text of one line that is shown.
const MAX_CHARS: usize = 600;
/// Shorter ones are no secrets, and would blot out half of what is said.
const MIN_SECRET: usize = 6;
/// How the shortest run of characters looks that is taken for a JWT.
const MIN_JWT: usize = 40;

/// What must never be shown.
#[derive(Default)]
pub(super) struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Another one, from now on.
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_SECRET {
            self.0.insert(secret.to_owned());
        }
    }

    /// The text on one line, without secrets and without what a terminal obeys.
    pub(super) fn line(&self, text: &str) -> String {
        let text = self.hidden(text);
        let mut line: String = text.chars().map(visible).take(MAX_CHARS).collect();
        if text.chars().nth(MAX_CHARS).is_some() {
            line.push('…');
        }
        line
    }

    /// The same of a text of several lines, each of which ends.
    pub(super) fn lines(&self, text: &str) -> String {
        let lines = text.lines().map(|line| self.line(line) + "\n");
        lines.collect()
    }

    fn hidden(&self, text: &str) -> String {
        // The longest first: one may be a part of another.
        let mut secrets: Vec<&String> = self.0.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let hidden = secrets.into_iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "[hidden]")
        });
        without_jwts(&hidden)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// A JWT, or the beginning of one, begins with `{"` in base64.
fn without_jwts(text: &str) -> String {
    let is_of_jwt =
        |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let mut shown = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain(['\n']) {
        if is_of_jwt(character) {
            run.push(character);
            continue;
        }
        match run.find("eyJ") {
            Some(at) if run.len() - at >= MIN_JWT => {
                shown.push_str(run.get(..at).unwrap_or_default());
                shown.push_str("[a JWT]");
            }
            Some(_) | None => shown.push_str(&run),
        }
        run.clear();
        shown.push(character);
    }
    shown.pop();
    shown
}

fn visible(character: char) -> char {
    if crate::cli::is_hidden(character) {
        '?'
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_not_shown() {
        let secrets = Secrets::default();
        assert_eq!(secrets.line("\u{1b}[2Jgone\r\n\u{202e}"), "?[2Jgone???");
        assert_eq!(secrets.lines("a\u{7}\nb"), "a?\nb\n");
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let mut secrets = Secrets::default();
        secrets.add("hunter22");
        secrets.add("pw");
        assert_eq!(
            secrets.line("user:hunter22 sent \"hunter22\", pw"),
            "user:[hidden] sent \"[hidden]\", pw"
        );
        assert!(!format!("{secrets:?}").contains("hunter22"));
    }

    #[test]
    fn a_jwt_is_hidden_though_nobody_said_that_it_is_one() {
        let jwt = format!("eyJhbGciOiJFUzI1NiJ9.{}.c2ln", "a".repeat(40));
        let line = Secrets::default().line(&format!("got x{jwt}, cut: {}", jwt.get(..50).unwrap()));
        assert_eq!(line, "got x[a JWT], cut: [a JWT]");
        assert_eq!(Secrets::default().line("eyJ is short"), "eyJ is short");
    }

    #[test]
    fn long_lines_are_cut() {
        let line = Secrets::default().line(&"x".repeat(MAX_CHARS + 1));
        assert_eq!(line.chars().count(), MAX_CHARS + 1);
        assert!(line.ends_with('…'));
    }
}
