//! "Did you mean": the known name that is nearest to a misspelt one.

/// `; did you mean …?`, or nothing where no name is near.
pub(super) fn did_you_mean<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 1.max(text.len() / 3))
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
