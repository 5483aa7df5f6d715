//! The one printer: tables and colour for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;

/// Prints what commands answer.
#[derive(Debug)]
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
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// A value on one line, for programs.
    pub(super) fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.text(&format!("{}\n", serde_json::to_string(value)?))
    }

    /// A text as it stands. Whoever reads may have gone: that is no failure.
    pub(super) fn text(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Rows under a header, in columns as wide as they need be. What does not
    /// print is shown as `?`: some of it came from strangers.
    pub(super) fn table(&self, header: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let longest = cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default();
            longest.max(header.get(column).map_or(0, |name| name.len()))
        };
        let widths: Vec<_> = (0..header.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded = cells.zip(&widths).map(|(cell, width)| {
                let cell: String = cell
                    .chars()
                    .map(|c| if c.is_control() { '?' } else { c })
                    .collect();
                format!("{cell:<width$}")
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head = line(&mut header.iter().copied());
        let mut text = if self.colour {
            format!("\u{1b}[1m{head}\u{1b}[0m\n")
        } else {
            head + "\n"
        };
        for row in rows {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
            text.push('\n');
        }
        self.text(&text)
    }

    /// What went wrong, on the standard error.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let mut out = io::stderr().lock();
        let text = format!("{error:#}");
        let end = if text.ends_with('\n') { "" } else { "\n" };
        // Nobody is left to tell if this fails.
        drop(write!(out, "portpass: {text}{end}"));
    }
}
