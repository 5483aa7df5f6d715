//! What clients ask for, in the grammar of scopes.

use scope::{InvalidScope, MAX_BYTES, MAX_SCOPES, Scope, Scopes, is_repository_name};

use super::{asked, laws};

/// Longest repository name.
const LONGEST_NAME: usize = 255;

/// A text as the value of `scope`.
pub fn scope(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    name(text);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    for word in &words {
        one(word);
    }
    match Scopes::parse([text]) {
        Ok(scopes) => {
            several(&scopes);
            let repeated = Scopes::parse(words.iter().copied());
            assert_eq!(repeated.as_ref(), Ok(&scopes), "one parameter or several");
            let reversed = Scopes::parse(words.iter().rev().copied());
            assert_eq!(reversed.as_ref(), Ok(&scopes), "in whatever order");
            asked::asks(&scopes);
        }
        Err(invalid) => {
            laws::is_brief(&invalid);
            let is_too_much = words.len() > MAX_SCOPES
                || words.iter().map(|word| word.len()).sum::<usize>() > MAX_BYTES;
            let is_nonsense = words.iter().any(|word| word.parse::<Scope>().is_err());
            assert!(is_too_much || is_nonsense, "{invalid} of {text:?}");
        }
    }
}

fn one(word: &str) {
    match word.parse::<Scope>() {
        Ok(scope) => {
            let printed = scope.to_string();
            assert_eq!(
                printed.parse(),
                Ok(scope.clone()),
                "what is printed is read"
            );
            assert!(printed.len() <= word.len(), "{printed} of {word}");
            assert!(printed.is_ascii() && !printed.contains(' '), "{printed}");
            assert!(
                !scope.actions.is_empty() && !scope.name.is_empty(),
                "{printed}"
            );
        }
        Err(invalid) => {
            let is_of_one = !matches!(invalid, InvalidScope::TooLong | InvalidScope::TooMany);
            assert!(is_of_one, "{invalid}");
        }
    }
}

fn several(scopes: &Scopes) {
    let printed = scopes.to_string();
    assert!(printed.len() <= MAX_BYTES + MAX_SCOPES, "{}", printed.len());
    let again = Scopes::parse([printed.as_str()]);
    assert_eq!(again.as_ref(), Ok(scopes), "what is printed is read");
    let keys: Vec<_> = scopes
        .iter()
        .map(|scope| (&scope.kind, &scope.class, &scope.name))
        .collect();
    assert!(
        keys.is_sorted_by(|one, next| one < next),
        "each once, in order"
    );
    assert!(keys.len() <= MAX_SCOPES, "{}", keys.len());
}

/// What counts as a repository name cannot leave its folder or its form.
fn name(text: &str) {
    if !is_repository_name(text) {
        return;
    }
    assert!(text.len() <= LONGEST_NAME, "{}", text.len());
    let path = match text.split_once('/') {
        Some((host, path)) if host.contains(':') => path,
        Some(_) | None => text,
    };
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    assert!(path.bytes().all(is_plain), "{text}");
    for part in path.split('/') {
        assert!(!part.is_empty() && !part.starts_with('.'), "{text}");
    }
    let scope = format!("repository:{text}:pull");
    let scope: Scope = scope.parse().expect("a name can be asked for");
    assert_eq!(scope.name, text, "a name is asked for as it is");
}
