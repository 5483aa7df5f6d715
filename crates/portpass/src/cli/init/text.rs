//! How values stand in the files.

use std::path::Path;

/// A text in the quotes of JSON, which YAML reads alike.
pub(super) fn json_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A path in the quotes of JSON, which YAML and TOML read alike.
pub(super) fn path_quoted(path: &Path) -> String {
    json_quoted(&path.to_string_lossy())
}

/// A text as TOML writes it.
pub(super) fn toml_quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Lines, each with so many spaces before it.
pub(super) fn indented(lines: &str, spaces: usize) -> String {
    let margin = " ".repeat(spaces);
    let line = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("{margin}{line}\n"),
    };
    lines.lines().map(line).collect()
}
