//! The `scope` grammar of the distribution token protocol.
//!
//! A registry asks for access as `repository:library/alpine:pull,push`. This
//! crate turns such texts into [`Scopes`], merged and in one order, and knows
//! nothing else. The grammar is distribution's `docs/content/spec/auth/scope.md`.

#![warn(missing_docs)]

mod repository;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    str::FromStr,
    sync::Arc,
};

pub use self::repository::is_repository_name;

/// More scopes than any client asks for at once.
pub const MAX_SCOPES: usize = 64;

/// More text than any client's scopes have, all together.
pub const MAX_BYTES: usize = 4096;

/// One resource and the actions asked for on it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Scope {
    /// The kind of resource, such as `repository`.
    pub kind: String,
    /// The class in parentheses, such as `plugin` in `repository(plugin)`.
    pub class: Option<String>,
    /// The resource's name. It may contain a colon, as `host:5000/image` does.
    pub name: String,
    /// The actions, each once, in alphabetical order.
    pub actions: BTreeSet<String>,
}

impl FromStr for Scope {
    type Err = InvalidScope;

    /// Splits at the first and the last colon: a name may hold one of its own.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').ok_or(InvalidScope::NoName)?;
        let (name, actions) = rest.rsplit_once(':').ok_or(InvalidScope::NoActions)?;
        let (kind, class) = match kind.split_once('(') {
            None => (kind, None),
            Some((kind, class)) => {
                let class = class.strip_suffix(')').ok_or(InvalidScope::BadClass)?;
                if !is_word(class) {
                    return Err(InvalidScope::BadClass);
                }
                (kind, Some(class.to_owned()))
            }
        };
        if !is_word(kind) || name.is_empty() {
            return Err(InvalidScope::NoName);
        }
        if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidScope::BadName);
        }
        let actions: BTreeSet<_> = actions.split(',').map(str::to_owned).collect();
        if !actions
            .iter()
            .all(|action| action == "*" || is_word(action))
        {
            return Err(InvalidScope::NoActions);
        }
        Ok(Self {
            kind: kind.to_owned(),
            class,
            name: name.to_owned(),
            actions,
        })
    }
}

/// Lower-case letters and digits, at least one.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(class) = &self.class {
            write!(f, "({class})")?;
        }
        for part in [":", &self.name, ":"] {
            f.write_str(part)?;
        }
        for (index, action) in self.actions.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(action)?;
        }
        Ok(())
    }
}

/// Everything one request asks for: each resource once, in alphabetical order.
///
/// Copies share the texts.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Scopes(Arc<Merged>);

#[derive(Debug, Default, Eq, Hash, PartialEq)]
struct Merged {
    scopes: Vec<Scope>,
    text: String,
}

impl Scopes {
    /// Reads every spelling that clients use: the parameter repeated, scopes
    /// separated by spaces, one resource several times.
    ///
    /// # Errors
    ///
    /// When one of the texts is not a scope, or there are more than
    /// [`MAX_SCOPES`] or [`MAX_BYTES`] of them.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidScope> {
        let mut merged: BTreeMap<(String, Option<String>, String), BTreeSet<String>> =
            BTreeMap::new();
        let mut length = 0;
        let texts = parameters.into_iter().flat_map(str::split_ascii_whitespace);
        for (index, text) in texts.enumerate() {
            length += text.len();
            if index == MAX_SCOPES {
                return Err(InvalidScope::TooMany);
            }
            if length > MAX_BYTES {
                return Err(InvalidScope::TooLong);
            }
            let scope: Scope = text.parse()?;
            merged
                .entry((scope.kind, scope.class, scope.name))
                .or_default()
                .extend(scope.actions);
        }
        let scopes: Vec<_> = merged
            .into_iter()
            .map(|((kind, class, name), actions)| Scope {
                kind,
                class,
                name,
                actions,
            })
            .collect();
        let mut text = String::with_capacity(length + scopes.len());
        for scope in &scopes {
            let space = if text.is_empty() { "" } else { " " };
            write!(text, "{space}{scope}").expect("writing to a string cannot fail");
        }
        Ok(Self(Arc::new(Merged { scopes, text })))
    }

    /// The scopes as one text: merged and in order, with spaces between.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The scopes, in alphabetical order of kind, class and name.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.scopes.iter()
    }

    /// Whether nothing was asked for: `docker login` asks so.
    pub fn is_empty(&self) -> bool {
        self.0.scopes.is_empty()
    }
}

impl<'a> IntoIterator for &'a Scopes {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

/// Why a text is not a list of scopes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidScope {
    /// The class in parentheses is empty, unclosed or not a word.
    #[error("a scope's class is not a word in parentheses")]
    BadClass,
    /// The name holds a byte that no resource's name may hold.
    #[error("a scope's name holds a character that no resource's name may hold")]
    BadName,
    /// There is no action, or one that is neither a word nor `*`.
    #[error("a scope names no action")]
    NoActions,
    /// There is no resource kind or name.
    #[error("a scope names no resource")]
    NoName,
    /// Their text is longer than [`MAX_BYTES`].
    #[error("more than {MAX_BYTES} bytes of scopes are asked for")]
    TooLong,
    /// There are more than [`MAX_SCOPES`].
    #[error("more than {MAX_SCOPES} scopes are asked for")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(parameters: &[&str]) -> String {
        Scopes::parse(parameters.iter().copied())
            .unwrap()
            .to_string()
    }

    #[test]
    fn one_resource_asked_for_twice_is_one_scope() {
        let asked = ["repository:a:pull repository:a:pull,push"];
        assert_eq!(scopes(&asked), "repository:a:pull,push");
    }

    #[test]
    fn order_and_spelling_do_not_matter() {
        let spaced = scopes(&["repository:b:pull repository:a:push,pull"]);
        let repeated = scopes(&["repository:a:pull,push", "repository:b:pull"]);
        assert_eq!(spaced, repeated);
    }

    #[test]
    fn a_name_may_hold_a_port() {
        let scope: Scope = "repository:localhost:5000/web:pull".parse().unwrap();
        assert_eq!(scope.name, "localhost:5000/web");
    }

    #[test]
    fn a_class_stands_in_parentheses() {
        let scope: Scope = "repository(plugin):vieux/sshfs:pull".parse().unwrap();
        assert_eq!(scope.class.as_deref(), Some("plugin"));
        assert_eq!(scope.to_string(), "repository(plugin):vieux/sshfs:pull");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "repository",
            "repository:a",
            "repository:a:",
            ":a:pull",
            "repository::pull",
            "repository(:a:pull",
            "repository():a:pull",
            "repository:a:pull,,push",
            "repository:ä:pull",
        ] {
            assert!(Scopes::parse([text]).is_err(), "{text}");
        }
    }

    #[test]
    fn the_number_of_scopes_is_bounded() {
        let many = "repository:a:pull ".repeat(MAX_SCOPES + 1);
        assert_eq!(Scopes::parse([many.as_str()]), Err(InvalidScope::TooMany));
    }

    #[test]
    fn the_length_of_scopes_is_bounded() {
        let long = format!("repository:{}:pull", "a".repeat(MAX_BYTES));
        assert_eq!(Scopes::parse([long.as_str()]), Err(InvalidScope::TooLong));
    }

    proptest! {
        #[test]
        fn any_scope_survives_a_round_trip(
            kind in "[a-z]{1,12}",
            class in prop::option::of("[a-z]{1,8}"),
            name in "[a-z0-9./:_-]{1,40}",
            actions in prop::collection::btree_set("[a-z]{1,8}|[*]", 1..4),
        ) {
            let scope = Scope { kind, class, name, actions };
            prop_assert_eq!(scope.to_string().parse::<Scope>(), Ok(scope));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Scopes::parse([text.as_str()]);
        }
    }
}
