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
"#), @r#"
    error: `repository:a:pull` is not a word that can stand beside docker's scopes: printable ASCII without spaces, quotes, backslashes and colons
      --> portpass.toml:15:11
       |
    15 | scopes = ["repository:a:pull", "two words", "", "offline_access"]
       |           ^^^^^^^^^^^^^^^^^^^

    error: `two words` is not a word that can stand beside docker's scopes: printable ASCII without spaces, quotes, backslashes and colons
      --> portpass.toml:15:32
       |
    15 | scopes = ["repository:a:pull", "two words", "", "offline_access"]
       |                                ^^^^^^^^^^^

    error: `` is not a word that can stand beside docker's scopes: printable ASCII without spaces, quotes, backslashes and colons
      --> portpass.toml:15:45
       |
    15 | scopes = ["repository:a:pull", "two words", "", "offline_access"]
       |                                             ^^

    error: `offline_access` asks for a refresh token; it cannot be passed over
      --> portpass.toml:15:49
       |
    15 | scopes = ["repository:a:pull", "two words", "", "offline_access"]
       |                                                 ^^^^^^^^^^^^^^^^
    "#);
}
