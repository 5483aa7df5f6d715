//! What an API token may do at most.

use super::{actions::Actions, glob::Glob, pattern::Pattern};

/// Patterns of repositories, by action; nothing above them is ever granted.
#[derive(Clone, Debug, Default)]
pub struct Ceiling {
    pull: Vec<Glob>,
    push: Vec<Glob>,
    delete: Vec<Glob>,
}

impl Ceiling {
    /// Reads patterns (globs without placeholders). As in rules, push implies pull.
    ///
    /// # Errors
    ///
    /// What is wrong with the first that is no pattern, in words.
    pub fn parse(pull: &[String], push: &[String], delete: &[String]) -> Result<Self, String> {
        let globs = |texts: &[String]| -> Result<Vec<Glob>, String> {
            texts.iter().map(|text| glob(text)).collect()
        };
        Ok(Self {
            pull: globs(pull)?,
            push: globs(push)?,
            delete: globs(delete)?,
        })
    }

    /// What may be done with a repository at most.
    pub(super) fn allows(&self, name: &str) -> Actions {
        let covers = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        let push = covers(&self.push);
        Actions {
            delete: covers(&self.delete),
            pull: push || covers(&self.pull),
            push,
        }
    }
}

fn glob(text: &str) -> Result<Glob, String> {
    match Pattern::parse(text) {
        Ok(Pattern::Glob(glob)) => Ok(glob),
        Ok(Pattern::Images | Pattern::Template(_)) => Err(format!(
            "`{text}`: an API token has no facts that could stand in a pattern; write the names \
             out, with `*` and `**`"
        )),
        Err(error) => Err(format!("`{text}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_ceiling_allows_what_its_patterns_match_and_push_implies_pull() {
        let ceiling = Ceiling::parse(
            &texts(&["base/*"]),
            &texts(&["team/**", "tools"]),
            &texts(&["team/old"]),
        )
        .unwrap();
        let words = |name| ceiling.allows(name).words().join(",");
        assert_eq!(words("base/a"), "pull");
        assert_eq!(words("base/a/b"), "");
        assert_eq!(words("team/web"), "pull,push");
        assert_eq!(words("tools"), "pull,push");
        assert_eq!(words("team/old"), "delete,pull,push");
        assert_eq!(words("other"), "");
    }

    #[test]
    fn a_ceiling_of_nothing_allows_nothing() {
        assert!(!Ceiling::default().allows("a").any());
    }

    #[test]
    fn what_is_no_plain_pattern_is_refused_in_words() {
        let refused =
            |pattern: &str| Ceiling::parse(&[], &[], &texts(&["a", pattern])).unwrap_err();
        insta::assert_snapshot!(
            refused("apps/{issuer}"),
            @"`apps/{issuer}`: an API token has no facts that could stand in a pattern; write the names out, with `*` and `**`"
        );
        assert!(refused("{images}").contains("has no facts"));
        assert!(refused("{nonsense}").contains("unknown placeholder"));
        assert!(refused("a***").contains("means nothing"));
        assert!(refused("").contains("never be met"));
        assert!(refused("Team/**").contains("no repository name is like this"));
    }
}
