//! What the parser says, in words for the person who wrote the file.

use super::suggest;

/// A message of the parser in our words.
pub(super) struct Said {
    pub(super) message: String,
    /// The key that an unknown one was probably meant to be.
    pub(super) meant: Option<String>,
}

/// The field that the parser misses, if that is what it says.
pub(super) fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// The parser's message in our words; what is not known stays as it is.
pub(super) fn translate(message: &str) -> Said {
    if let Some((key, known)) = unknown(message, "unknown field `") {
        let meant = suggest::closest(key, known.iter().copied()).map(str::to_owned);
        let hint = suggest::instead(key, known);
        let message = format!("unknown key `{key}`{hint}");
        return Said { message, meant };
    }
    let message = if let Some((word, known)) = unknown(message, "unknown variant `") {
        format!("unknown word `{word}`{}", suggest::instead(word, known))
    } else if let Some((found, expected)) = invalid(message) {
        format!(
            "expected {}, found {}",
            expectation(expected),
            finding(found)
        )
    } else {
        plain(message).to_owned()
    };
    Said {
        message,
        meant: None,
    }
}

/// The word of "unknown … `word`, expected one of `a`, `b`", and the list.
fn unknown<'m>(message: &'m str, start: &str) -> Option<(&'m str, Vec<&'m str>)> {
    let rest = message.strip_prefix(start)?;
    // From the right: the word is the writer's and may hold anything.
    let (word, known) = rest
        .rsplit_once("`, expected ")
        .or_else(|| rest.rsplit_once("`, there are no "))?;
    Some((word, known.split('`').skip(1).step_by(2).collect()))
}

/// The two halves of "invalid type: found, expected expectation".
fn invalid(message: &str) -> Option<(&str, &str)> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .or_else(|| message.strip_prefix("invalid length "))?;
    rest.rsplit_once(", expected ")
}

/// Other messages of the parser, and of what reads addresses.
pub(super) fn plain(message: &str) -> &str {
    match message {
        "duplicate key" => "this stands here for the second time; keep one",
        "invalid IP address syntax" => "expected a network, as in \"10.0.0.0/8\"",
        "invalid socket address syntax" => {
            "expected an address and a port, as in \"127.0.0.1:8080\""
        }
        "string values must be quoted, expected literal string" => "a text stands in quotes",
        "wanted string or table" => "expected a word in quotes",
        other => other,
    }
}

/// What is expected, without the names of Rust's types.
fn expectation(expected: &str) -> &str {
    match expected {
        "a boolean" => "`true` or `false`",
        "a map" => "a table",
        "a sequence" => "a list, as in `[\"…\"]`",
        "a string" => "a text in quotes",
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        named if named.starts_with("struct ") => "a table",
        other => other,
    }
}

/// What was found, without the parser's terms.
fn finding(found: &str) -> String {
    match found.split_once(' ') {
        _ if found == "map" => "a table".to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer", number)) => format!("the number {number}"),
        Some(("boolean", flag)) => flag.to_owned(),
        Some(("floating", _)) => "a fraction".to_owned(),
        _ => found.to_owned(),
    }
}
