//! Taking a faulty part out of a tree, so that the rest can be read.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

/// What became of a value that was searched for a faulty part.
enum Cut {
    /// The part was within it and is gone; its key, if it had one.
    Inside(String),
    /// It does not hold the part.
    Missed,
    /// It is the part.
    Whole,
}

/// Removes what stands at a span: a key with its value, or an element.
///
/// Gives the key that went, or nothing if nothing stands there.
pub(super) fn out(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<String> {
    match search(value, span) {
        Cut::Inside(key) => Some(key),
        Cut::Missed | Cut::Whole => None,
    }
}

fn search(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Cut {
    let own = value.span();
    let within = match value.get_mut() {
        DeValue::Table(table) => search_table(table, span).map_or(Cut::Missed, Cut::Inside),
        DeValue::Array(array) => search_array(array, span),
        _ if own.start <= span.start && span.end <= own.end => Cut::Whole,
        _ => Cut::Missed,
    };
    match within {
        Cut::Missed if own == *span => Cut::Whole,
        Cut::Inside(_) | Cut::Missed | Cut::Whole => within,
    }
}

/// Removes the key at the span, or the one whose value is there.
fn search_table(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let mut whole = None;
    for (key, value) in table.iter_mut() {
        let cut = if key.span() == *span {
            Cut::Whole
        } else {
            search(value, span)
        };
        match cut {
            Cut::Inside(inner) => return Some(inner),
            Cut::Missed => {}
            Cut::Whole => {
                whole = Some(key.get_ref().to_string());
                break;
            }
        }
    }
    let key = whole?;
    table.remove(key.as_str());
    Some(key)
}

/// Removes the element at the span, or what is there within one. A list that
/// had nothing else is itself the part: nobody wrote an empty one.
fn search_array(array: &mut DeArray<'_>, span: &Range<usize>) -> Cut {
    let mut whole = None;
    for (index, element) in array.iter_mut().enumerate() {
        match search(element, span) {
            Cut::Inside(inner) => return Cut::Inside(inner),
            Cut::Missed => {}
            Cut::Whole => {
                whole = Some(index);
                break;
            }
        }
    }
    let Some(whole) = whole else {
        return Cut::Missed;
    };
    if array.len() == 1 {
        return Cut::Whole;
    }
    let elements = array.clone().into_iter().enumerate();
    let kept = elements.filter(|(index, _)| *index != whole);
    *array = kept.map(|(_, element)| element).collect();
    Cut::Inside(String::new())
}
