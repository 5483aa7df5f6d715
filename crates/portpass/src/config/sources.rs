//! The texts of the files, and how faults in them are shown.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Fault, Place};
use crate::cli::is_hidden;

/// The longest file that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// How much of a long line is shown, in characters.
const SHOWN_COLUMNS: usize = 140;

/// The files that make up the configuration, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// One file.
#[derive(Clone)]
struct Source {
    path: PathBuf,
    text: String,
    /// Whether the text is not what the file says, for it could not be read.
    is_unread: bool,
}

/// Without the text, which may hold secrets.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A fault as programs read it (`portpass check --json`).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Diagnostic {
    /// What is wrong.
    pub message: String,
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant, at least 1.
    pub length: usize,
}

impl Sources {
    /// A text that stands in no file, under what it is called.
    pub(super) fn of_text(name: &str, text: String) -> Self {
        let source = Source {
            path: PathBuf::from(name),
            text,
            is_unread: false,
        };
        Self {
            files: vec![source],
        }
    }

    /// Reads a file and keeps its text, even when it is faulty.
    ///
    /// Gives the file's number, and what is wrong with it as text.
    pub(super) fn read(&mut self, path: &Path) -> (usize, Option<Fault>) {
        let file = self.files.len();
        let (text, fault) = match read_text(path) {
            Ok(bytes) => as_utf8(bytes),
            Err(message) => (String::new(), Some((0, message))),
        };
        self.files.push(Source {
            path: path.to_owned(),
            text,
            is_unread: fault.is_some(),
        });
        let fault = fault.map(|(start, message)| {
            let at = Place {
                file,
                start,
                end: start,
            };
            Fault::new(at, message)
        });
        (file, fault)
    }

    /// The texts, in the order in which they were read.
    pub(super) fn texts(&self) -> impl Iterator<Item = (usize, &Path, &str)> {
        self.files
            .iter()
            .enumerate()
            .map(|(file, source)| (file, source.path.as_path(), source.text.as_str()))
    }

    /// The numbers of the files that could not be read.
    pub(super) fn unread(&self) -> impl Iterator<Item = usize> {
        let files = self.files.iter().enumerate();
        files.filter_map(|(file, source)| source.is_unread.then_some(file))
    }

    /// A path as the file of `at` means it: relative to that file's folder.
    pub(super) fn resolve(&self, at: Place, path: &str) -> PathBuf {
        let folder = self.files.get(at.file).and_then(|file| file.path.parent());
        folder.unwrap_or(Path::new("")).join(path)
    }

    /// `file:line:column` of a place.
    pub fn describe(&self, at: Place) -> String {
        let shown = self.locate(&Fault::new(at, ""));
        format!("{}:{}:{}", shown.file, shown.line, shown.column)
    }

    /// A place to point at instead of a secret's, whose line would show it: one that belongs to
    /// it, or the head of its file if that is on the same line.
    pub(super) fn away_from(&self, secret: Place, belonging: Place) -> Place {
        if belonging.file == secret.file && self.line(belonging) == self.line(secret) {
            return Place {
                start: 0,
                end: 0,
                ..secret
            };
        }
        belonging
    }

    /// The faults as programs read them.
    pub fn diagnostics(&self, faults: &[Fault]) -> Vec<Diagnostic> {
        faults.iter().map(|fault| self.locate(fault)).collect()
    }

    /// The faults as people read them: each with its line and a pointer.
    pub fn render(&self, faults: &[Fault]) -> String {
        let mut out = String::new();
        for (index, fault) in faults.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&self.show(&format!("error: {}", fault.message), fault.at));
        }
        out
    }

    /// A place as people read it, under a heading: with its line and a pointer.
    pub fn show(&self, heading: &str, at: Place) -> String {
        let shown = self.locate(&Fault::new(at, ""));
        let number = shown.line.to_string();
        let gutter = " ".repeat(number.len());
        let line = without_passwords(self.line(at));
        let (line, column) = cut(&line, shown.column);
        let indent: String = line
            .chars()
            .take(column - 1)
            .map(|character| if character == '\t' { '\t' } else { ' ' })
            .collect();
        let room = line.chars().count().saturating_sub(column - 1).max(1);
        let carets = "^".repeat(shown.length.min(room));
        format!(
            "{heading}\n{gutter}--> {}:{}:{}\n{gutter} |\n{}\n{gutter} | {indent}{carets}\n",
            shown.file,
            shown.line,
            shown.column,
            format!("{number} | {line}").trim_end(),
        )
    }

    fn locate(&self, fault: &Fault) -> Diagnostic {
        let (before, rest) = self.split(fault.at);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let length = fault.at.end.saturating_sub(fault.at.start);
        let meant = rest.get(..length).unwrap_or(rest);
        Diagnostic {
            message: fault.message.clone(),
            file: self
                .files
                .get(fault.at.file)
                .map_or_else(String::new, |file| file.path.display().to_string()),
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
            length: meant
                .lines()
                .next()
                .map_or(0, |line| line.chars().count())
                .max(1),
        }
    }

    /// The whole line a place begins in.
    fn line(&self, at: Place) -> &str {
        let (before, rest) = self.split(at);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = before.len() + rest.find('\n').unwrap_or(rest.len());
        let text = self.files.get(at.file).map_or("", |file| &file.text);
        text.get(start..end).unwrap_or_default()
    }

    /// The text before a place, and from it on.
    fn split(&self, at: Place) -> (&str, &str) {
        let text = self.files.get(at.file).map_or("", |file| &file.text);
        text.split_at_checked(at.start).unwrap_or((text, ""))
    }
}

/// A line with each password in an address made unreadable, as wide as before.
fn without_passwords(line: &str) -> String {
    let mut parts = line.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("://");
        let end = part.find(['"', '\'', ' ']).unwrap_or(part.len());
        let (address, rest) = part.split_at(end);
        match address.rsplit_once('@') {
            Some((user, host)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                shown.push_str(name);
                shown.extend(password.chars().map(|_| '*').chain(
                    // The colon is part of the width.
                    user.contains(':').then_some('*'),
                ));
                shown.push('@');
                shown.push_str(host);
            }
            None => shown.push_str(address),
        }
        shown.push_str(rest);
    }
    shown
}

/// The part of a line around a column, without what would move a terminal's
/// cursor; and where the column is in it.
fn cut(line: &str, column: usize) -> (String, usize) {
    let skipped = if column > SHOWN_COLUMNS / 2 && line.chars().count() > SHOWN_COLUMNS {
        column - SHOWN_COLUMNS / 2
    } else {
        0
    };
    let mut shown: String = line
        .trim_end()
        .chars()
        .skip(skipped)
        .take(SHOWN_COLUMNS)
        .map(|character| match character {
            '\t' => character,
            hidden if is_hidden(hidden) => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect();
    if skipped > 0 {
        shown.insert(0, '…');
    }
    (shown, column - skipped + usize::from(skipped > 0))
}

/// The bytes of a file, or why there are none.
fn read_text(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("this file cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err("this is a directory; name the file in it".to_owned());
    }
    if metadata.len() > MAX_BYTES {
        return Err(format!("this file is longer than {MAX_BYTES} bytes"));
    }
    std::fs::read(path).map_err(unreadable)
}

/// The text of a file; if it is not plain UTF-8, from which byte, and why.
fn as_utf8(bytes: Vec<u8>) -> (String, Option<(usize, String)>) {
    match String::from_utf8(bytes) {
        Ok(text) if text.starts_with('\u{feff}') => {
            let message = "this file begins with a byte order mark; save it as UTF-8 without one";
            (text, Some((0, message.to_owned())))
        }
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let message = match error.as_bytes() {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this file is UTF-16; save it as UTF-8",
                _ => "this file is not UTF-8; save it as UTF-8",
            };
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, Some((valid, message.to_owned())))
        }
    }
}
