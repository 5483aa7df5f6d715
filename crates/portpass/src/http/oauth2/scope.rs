//! The `scope` of an OAuth 2 request: docker's, beside words of a provider.

use crate::refused::Nonsense;

/// What OpenID Connect clients send by habit (Core 1.0 §5.4).
const OPENID: [&str; 3] = ["openid", "profile", "email"];

/// Asks for a refresh token (OpenID Connect Core 1.0 §11).
pub(super) const OFFLINE: &str = "offline_access";

/// How much of an unknown word is echoed, in characters.
const MAX_ECHOED: usize = 64;

/// What a request's `scope` asks for.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Asked<'a> {
    /// Docker's scopes, which the journey reads.
    pub(super) docker: Vec<&'a str>,
    /// Whether it asks for a refresh token.
    pub(super) offline: bool,
}

impl<'a> Asked<'a> {
    /// Reads each `scope` parameter; `words` are passed over.
    ///
    /// # Errors
    ///
    /// When a word without a colon is none of them.
    pub(super) fn read(
        parameters: impl Iterator<Item = &'a str>,
        words: &[String],
    ) -> Result<Self, Nonsense> {
        let mut asked = Self::default();
        for word in parameters.flat_map(str::split_ascii_whitespace) {
            if word.contains(':') {
                asked.docker.push(word);
            } else if word == OFFLINE {
                asked.offline = true;
            } else if !OPENID.contains(&word) && !words.iter().any(|known| known == word) {
                return Err(Nonsense::ScopeWord(printable(word)));
            }
        }
        Ok(asked)
    }
}

/// As much of a word as a log may show.
fn printable(word: &str) -> String {
    let printable = |char: &char| char.is_ascii_graphic() && *char != '`';
    word.chars().filter(printable).take(MAX_ECHOED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scope: &str) -> Result<Asked<'_>, Nonsense> {
        Asked::read([scope].into_iter(), &["docker-registry".to_owned()])
    }

    #[test]
    fn the_words_of_a_provider_are_passed_over() {
        let asked = read(" docker-registry openid profile email").unwrap();
        assert_eq!(asked, Asked::default());
    }

    #[test]
    fn dockers_scopes_stay() {
        let asked = read("repository:a:pull docker-registry repository:b:push,pull").unwrap();
        assert_eq!(
            asked.docker,
            ["repository:a:pull", "repository:b:push,pull"]
        );
        assert!(!asked.offline);
    }

    #[test]
    fn a_refresh_token_is_asked_for_by_a_word() {
        assert!(read("offline_access").unwrap().offline);
    }

    #[test]
    fn another_word_is_refused_by_its_name() {
        let refused = read("docker-registry write").unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("the scope `write` is unknown")
        );
    }

    #[test]
    fn nothing_unprintable_or_long_is_echoed() {
        let word = format!("\u{1b}[31m`é{}", "x".repeat(1000));
        let refused = read(&word).unwrap_err().to_string();
        assert!(refused.is_ascii() && refused.len() < 250, "{refused}");
        assert!(!refused.contains('\u{1b}'));
    }
}
