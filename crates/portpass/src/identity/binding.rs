//! What an issuer's name stands for.

use std::sync::Arc;

use super::IssuerKind;
use crate::short_id::ShortId;

/// What an issuer's name stands for: members and sessions are its, and not those
/// of whatever the name may be given to later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The issuer's name.
    pub issuer: Arc<str>,
    /// The digest of what follows.
    pub digest: ShortId,
    /// The kind's name.
    pub kind: &'static str,
    /// What `iss` may be, in alphabetical order.
    pub iss: Vec<String>,
    /// Where the keys come from, in words.
    pub source: String,
}

impl Binding {
    pub(super) fn new(issuer: Arc<str>, kind: IssuerKind, iss: &[String], source: String) -> Self {
        let mut iss = iss.to_vec();
        iss.sort_unstable();
        iss.dedup();
        let parts = [kind.name(), &source].into_iter();
        let parts = parts.chain(iss.iter().map(String::as_str));
        Self {
            digest: ShortId::of_parts(parts.map(str::as_bytes)),
            issuer,
            kind: kind.name(),
            iss,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(kind: IssuerKind, iss: &[&str], source: &str) -> Binding {
        let iss: Vec<String> = iss.iter().map(|&iss| iss.to_owned()).collect();
        Binding::new("ci".into(), kind, &iss, source.to_owned())
    }

    #[test]
    fn the_order_of_iss_means_nothing() {
        let one = binding(IssuerKind::Gitlab, &["b", "a"], "url x");
        let other = binding(IssuerKind::Gitlab, &["a", "b", "a"], "url x");
        assert_eq!(one, other);
        assert_eq!(one.iss, ["a", "b"]);
    }

    #[test]
    fn everything_else_means_something() {
        let one = binding(IssuerKind::Gitlab, &["a"], "url x");
        for other in [
            binding(IssuerKind::Forgejo, &["a"], "url x"),
            binding(IssuerKind::Gitlab, &["a", "b"], "url x"),
            binding(IssuerKind::Gitlab, &["A"], "url x"),
            binding(IssuerKind::Gitlab, &["a"], "url y"),
            binding(IssuerKind::Gitlab, &[], "url x"),
        ] {
            assert_ne!(one.digest, other.digest, "{other:?}");
        }
    }

    #[test]
    fn the_digest_is_that_of_earlier_versions() {
        let digest = binding(
            IssuerKind::GithubActions,
            &["https://token.actions.githubusercontent.com"],
            "discovery https://token.actions.githubusercontent.com/",
        )
        .digest
        .to_string();
        insta::assert_snapshot!(digest, @"");
    }
}
