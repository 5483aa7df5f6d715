//! Findings for people, each with its line and a pointer, and for programs.

use serde_json::{Value, json};

use super::Checked;
use crate::{
    config::{Config, Fault},
    lint::{Finding, Level},
};

/// The widest line of a text under a finding, in characters.
const WIDTH: usize = 100;

/// What was found, and how much; nothing where nothing was.
pub(super) fn findings(checked: &Checked, shows_notes: bool) -> String {
    let is_shown = |finding: &&Finding| shows_notes || finding.lint.level > Level::Note;
    let shown = checked.findings.iter().filter(is_shown);
    let mut text: String = shown.map(|finding| one(&checked.config, finding)).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&count(&checked.findings, shows_notes));
    text
}

fn one(config: &Config, finding: &Finding) -> String {
    let Finding {
        lint, at, message, ..
    } = finding;
    let heading = format!("{}[{}]: {message}", lint.level, lint.code);
    format!(
        "\n{}{}{}",
        config.sources.show(&heading, *at),
        indented("why", lint.why),
        indented("mend", lint.mend),
    )
}

/// A text under a word, in lines of a readable width.
fn indented(word: &str, text: &str) -> String {
    let indent = "   ";
    let mut lines = vec![format!("{indent}{word}:")];
    for next in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + next.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(next);
            }
            _ => lines.push(format!("{indent}{} {next}", " ".repeat(word.len() + 1))),
        }
    }
    lines.join("\n") + "\n"
}

/// `findings: 1 warning, 3 notes`.
fn count(findings: &[Finding], shows_notes: bool) -> String {
    let of = |level: Level| {
        let count = findings
            .iter()
            .filter(|finding| finding.lint.level == level)
            .count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {level}{plural}"))
    };
    let levels = [Level::Error, Level::Warning, Level::Note];
    let counts: Vec<String> = levels.into_iter().filter_map(of).collect();
    if counts.is_empty() {
        return String::new();
    }
    let hidden = !shows_notes && of(Level::Note).is_some();
    let hint = if hidden { " (shown by --notes)" } else { "" };
    format!("findings: {}{hint}\n", counts.join(", "))
}

/// A finding as programs read it: with a place as faults have it.
pub(super) fn json(config: &Config, finding: &Finding) -> Value {
    let Finding {
        lint,
        at,
        table,
        message,
    } = finding;
    let fault = Fault::new(*at, message.clone());
    let place = config.sources.diagnostics(&[fault]).pop();
    let place = place.map(|place| (place.file, place.line, place.column, place.length));
    let (file, line, column, length) = place.unwrap_or_default();
    json!({
        "code": lint.code,
        "name": lint.name,
        "level": lint.level,
        "message": message,
        "why": lint.why,
        "mend": lint.mend,
        "table": table,
        "file": file,
        "line": line,
        "column": column,
        "length": length,
    })
}
