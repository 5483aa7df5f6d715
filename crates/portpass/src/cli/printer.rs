//! The one printer: tables and colour for people, JSON for programs.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
};

use jiff::Timestamp;
use serde::Serialize;

use crate::admin::Changed;

/// Prints what commands answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    json: bool,
    colour: bool,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            colour: !json && io::stdout().is_terminal(),
        }
    }

    /// Whether a program reads.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// A value on one line, for programs; a terminal that shows it obeys nothing in it.
    pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
        Self::text(&(escaped(&serde_json::to_string(value)?) + "\n"))
    }

    /// A text as it stands. Whoever reads may have gone: that is no failure.
    pub(super) fn text(text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Rows in columns; the first is the header, if there is one.
    pub(super) fn table<const N: usize>(
        self,
        header: Option<[&str; N]>,
        rows: Vec<[String; N]>,
    ) -> anyhow::Result<()> {
        let header = header.map(|names| names.map(str::to_owned));
        let is_bold = self.colour && header.is_some();
        let text = columns(header.into_iter().chain(rows));
        match text.split_once('\n') {
            Some((head, rest)) if is_bold => {
                Self::text(&format!("\u{1b}[1m{head}\u{1b}[0m\n{rest}"))
            }
            Some(_) | None => Self::text(&text),
        }
    }

    /// Whatever was listed: rows for people, in the order in which it came.
    pub(super) fn list<T: Serialize, const N: usize>(
        self,
        items: &[T],
        header: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> anyhow::Result<()> {
        if self.json {
            return Self::json(&items);
        }
        self.table(Some(header), items.iter().map(row).collect())
    }

    /// Whether a change changed something, in one of two sentences.
    pub(super) fn changed(self, changed: Changed, done: &str, undone: &str) -> anyhow::Result<()> {
        if self.json {
            return Self::json(&changed);
        }
        let said = if changed.changed { done } else { undone };
        Self::text(&format!("{said}\n"))
    }

    /// What somebody should know beside the answer, on the standard error.
    pub(super) fn note(text: &str) {
        // Nobody is left to tell if this fails.
        drop(writeln!(io::stderr().lock(), "{text}"));
    }

    /// What went wrong, on the standard error.
    pub(super) fn error(error: &anyhow::Error) {
        let mut out = io::stderr().lock();
        let text = chain(error);
        // Faults of the configuration say so themselves.
        let start = if text.starts_with("error: ") {
            ""
        } else {
            "portpass: "
        };
        let end = if text.ends_with('\n') { "" } else { "\n" };
        // Nobody is left to tell if this fails.
        drop(write!(out, "{start}{text}{end}"));
    }
}

/// JSON that says the same with no character in it that is hidden: those stand in texts only,
/// where each may be written by its number (RFC 8259 §7).
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a string takes every write");
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// An error with its causes, each said once: many repeat theirs in their own words.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// A time in UTC, to the minute.
pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Rows as lines, in columns as wide as they need be. What does not print is
/// shown as `?`: some of it came from strangers.
pub(super) fn columns<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let clean = |cell: String| printable(&cell);
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(clean)).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let padded = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A text of which every character is shown: others as `?`.
pub(super) fn printable(text: &str) -> String {
    let shown = |character: char| if is_hidden(character) { '?' } else { character };
    text.chars().map(shown).collect()
}

/// Whether a character does something to the terminal but show itself:
/// controls, and what changes the direction or joins or has no width.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_what_is_hidden_by_its_number() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}é\"";
        let json = escaped(&serde_json::to_string(hostile).unwrap());
        assert!(!json.contains(is_hidden), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
        assert!(json.contains('é'));
    }

    #[test]
    fn what_an_error_repeats_of_its_cause_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the socket cannot be used: {0}")]
        struct Repeats(#[source] io::Error);

        let denied = || io::Error::other("permission denied");
        let error = anyhow::Error::new(Repeats(denied())).context("asking the server");
        assert_eq!(
            chain(&error),
            "asking the server: the socket cannot be used: permission denied"
        );
        let error = anyhow::Error::new(denied()).context("reading a file");
        assert_eq!(chain(&error), "reading a file: permission denied");
    }

    #[test]
    fn columns_are_as_wide_as_they_need_be_and_print() {
        let rows = [["a", "b"], ["long", "\u{1b}[31m"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(rows), "a     b\nlong  ?[31m\n");
    }
}
