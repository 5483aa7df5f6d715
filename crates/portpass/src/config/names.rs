//! The names that tables may have, and finding what a value names.

use super::{Located, Place, read::Reading, suggest};

/// Checks the name of a table: letters, digits, `-` and `_`, beginning with a
/// letter or digit.
pub(super) fn check(reading: &mut Reading<'_>, section: &str, name: &str, at: Place) {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !(begins && name.len() <= 64 && name.bytes().all(fits)) {
        let message = format!(
            "`{name}` cannot name a {section}: names are letters, digits, `-` and `_`, at most 64"
        );
        reading.fault(at, message);
    }
}

/// Checks that each value names one of the tables of a section.
pub(super) fn refer<'v>(
    reading: &mut Reading<'_>,
    section: &str,
    values: impl IntoIterator<Item = &'v Located<String>>,
    known: &[String],
) {
    for value in values {
        if !known.contains(&value.value) {
            let hint = suggest::instead(&value.value, known.iter().map(String::as_str));
            let message = format!("there is no {section} `{}`{hint}", value.value);
            reading.fault(value.at, message);
        }
    }
}
