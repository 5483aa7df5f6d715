//! "Did you mean": the known word that is nearest to a wrong one.

/// The candidate that was probably meant, if one is near enough.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', '.'], "");
    let word = plain(word);
    let allowed = (word.chars().count() / 4).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a message about an unknown word: what was probably meant, else
/// what there is.
pub fn instead<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(meant) = closest(word, known.iter().copied()) {
        return format!("; did you mean `{meant}`?");
    }
    if known.is_empty() {
        return String::new();
    }
    let listed: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    format!("; known: {}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["distribution", "distribution-2", "zot", "data_dir"];
        for (word, meant) in [
            ("distributon", Some("distribution")),
            ("Distribution", Some("distribution")),
            ("distribution2", Some("distribution-2")),
            ("zto", Some("zot")),
            ("data-dir", Some("data_dir")),
            ("harbor", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), meant, "{word}");
        }
    }

    #[test]
    fn what_there_is_is_listed_when_nothing_is_near() {
        assert_eq!(instead("x", ["alpha", "beta"]), "; known: `alpha`, `beta`");
        assert_eq!(instead("x", []), "");
    }
}
