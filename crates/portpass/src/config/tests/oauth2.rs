//! The words beside docker's scopes.

use super::*;

#[test]
fn the_words_of_the_old_set_up_are_known_unless_others_are_given() {
    let words = |text: &str| {
        let text = format!("{LEAST}\n{text}");
        load_files(&[("portpass.toml", &text)]).unwrap().scope_words
    };
    assert_eq!(words(""), ["docker-registry"]);
    assert_eq!(words("[oauth2]\nscopes = [\"a\", \"b\"]"), ["a", "b"]);
    assert!(words("[oauth2]\nscopes = []").is_empty());
}

#[test]
fn a_word_that_means_something_cannot_be_passed_over() {
    assert_snapshot!(complaint(r#"
[oauth2]
scopes = ["repository:a:pull", "two words", "", "offline_access"]
"#), @"");
}
