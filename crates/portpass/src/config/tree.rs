//! All files as one tree of keys and values, each with its place.
//!
//! Spans in the tree hold the number of their file ([`Place::to_span`]), so
//! that whatever is read from the tree knows where it stands.

use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

use super::{Fault, Place, sources::Sources, words};

/// The sections whose tables have names, and may be spread over files.
pub(super) const NAMED: [&str; 8] = [
    "deny", "group", "images", "issuer", "match", "registry", "rule", "test",
];

/// One file as a tree.
///
/// # Errors: each place that is not TOML.
pub(super) fn parse(text: &str, file: usize) -> Result<DeTable<'_>, Vec<Fault>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(place_table(root.into_inner(), file));
    }
    // After the first, the parser is often only surprised by its own recovery.
    let error = errors.first();
    Err(error
        .into_iter()
        .map(|error| {
            let span = error.span().unwrap_or(text.len()..text.len());
            let at = Place {
                file,
                start: span.start,
                end: span.end,
            };
            Fault::new(at, words::plain(error.message()))
        })
        .collect())
}

/// Adds a file's tree to the others'. What is set twice is a fault that names
/// both places.
pub(super) fn merge<'a>(
    into: &mut DeTable<'a>,
    from: DeTable<'a>,
    sources: &Sources,
    faults: &mut Vec<Fault>,
) {
    for (key, mut value) in from {
        let is_named = NAMED.contains(&key.get_ref().as_ref());
        if is_named
            && let Some(ours) = into.get_mut(key.get_ref().as_ref())
            && let (DeValue::Table(ours), DeValue::Table(theirs)) =
                (ours.get_mut(), value.get_mut())
        {
            for (name, mut table) in std::mem::take(theirs) {
                let shown = format!("{}.{}", key.get_ref(), name.get_ref());
                // The rows of one issuer may be spread over files, too.
                if key.get_ref() == "images"
                    && let Some(ours) = ours.get_mut(name.get_ref().as_ref())
                    && let (DeValue::Table(ours), DeValue::Table(theirs)) =
                        (ours.get_mut(), table.get_mut())
                {
                    for row in std::mem::take(theirs) {
                        let shown = format!("{shown}.{}", row.0.get_ref());
                        insert(ours, row, &shown, sources, faults);
                    }
                } else {
                    insert(ours, (name, table), &shown, sources, faults);
                }
            }
        } else {
            let shown = key.get_ref().to_string();
            insert(into, (key, value), &shown, sources, faults);
        }
    }
}

/// A key with its value.
type Entry<'a> = (Spanned<DeString<'a>>, Spanned<DeValue<'a>>);

fn insert<'a>(
    into: &mut DeTable<'a>,
    (key, value): Entry<'a>,
    shown: &str,
    sources: &Sources,
    faults: &mut Vec<Fault>,
) {
    if let Some((first, _)) = into.get_key_value(&key) {
        let first = sources.describe(Place::of_span(&first.span()));
        let message =
            format!("`{shown}` is set twice; first at {first}: keep it in one table of one file");
        faults.push(Fault::new(Place::of_span(&key.span()), message));
    } else {
        into.insert(key, value);
    }
}

fn place_table(table: DeTable<'_>, file: usize) -> DeTable<'_> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = place(&key, file);
            (
                Spanned::new(span, key.into_inner()),
                place_value(value, file),
            )
        })
        .collect()
}

fn place_value(value: Spanned<DeValue<'_>>, file: usize) -> Spanned<DeValue<'_>> {
    let span = place(&value, file);
    let placed = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(place_table(table, file)),
        DeValue::Array(array) => DeValue::Array(place_array(array, file)),
        scalar => scalar,
    };
    Spanned::new(span, placed)
}

fn place_array(array: DeArray<'_>, file: usize) -> DeArray<'_> {
    array
        .into_iter()
        .map(|value| place_value(value, file))
        .collect()
}

fn place<T>(spanned: &Spanned<T>, file: usize) -> std::ops::Range<usize> {
    let span = spanned.span();
    let (start, end) = (span.start, span.end);
    Place { file, start, end }.to_span()
}
