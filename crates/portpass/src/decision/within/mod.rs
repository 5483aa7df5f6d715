//! The ceiling over all that the rules of one file give or take.

mod check;

use std::{collections::BTreeSet, fmt};

pub(super) use self::check::check;
use super::{
    glob::{Glob, Step},
    overlap,
    pattern::Pattern,
};
use crate::config::{Fault, Located};

/// Lists of patterns: of each list, one must match whatever a rule is about.
///
/// Without a list there is no ceiling.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Within {
    lists: Vec<Vec<Bound>>,
}

/// One pattern of a ceiling.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Bound {
    text: String,
    glob: Glob,
}

impl Within {
    /// Reads one list of patterns: globs without placeholders.
    ///
    /// # Errors
    ///
    /// Each text that is no such pattern, at its place.
    pub fn of(patterns: &[Located<String>]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut list = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            match Bound::parse(&pattern.value) {
                Ok(bound) => list.push(bound),
                Err(message) => faults.push(Fault::new(pattern.at, message)),
            }
        }
        if faults.is_empty() {
            Ok(Self { lists: vec![list] })
        } else {
            Err(faults)
        }
    }

    /// Adds another ceiling: what both allow is left.
    pub fn and(&mut self, other: Self) {
        for list in other.lists {
            if !self.lists.contains(&list) {
                self.lists.push(list);
            }
        }
    }

    /// Whether it bounds nothing.
    pub fn is_open(&self) -> bool {
        self.lists.is_empty()
    }

    /// Whether a repository lies under it.
    pub fn allows(&self, name: &str) -> bool {
        self.all(|bound| bound.glob.matches(name))
    }

    /// Whether some name could lie under both.
    pub fn meets(&self, other: &Self) -> bool {
        let mut lists = other.lists.iter();
        lists.all(|list| list.iter().any(|bound| self.may_hold(bound.glob.steps())))
    }

    /// Whether some name that a pattern means could lie under it. Each list is asked for
    /// itself, so that a `false` is certain and a `true` is not.
    pub(super) fn may_hold(&self, steps: &[Step]) -> bool {
        self.all(|bound| overlap::intersect(bound.glob.steps(), steps))
    }

    /// Whether the name of a [`Namespace`](super::Namespace), in which the wildcards of its
    /// template stand, lies under it with everything that it means.
    pub(super) fn holds(&self, namespace: &str) -> bool {
        // What has no wildcard is a glob of itself alone.
        self.is_open()
            || Glob::parse(namespace).is_ok_and(|namespace| {
                self.all(|bound| overlap::contains(bound.glob.steps(), namespace.steps()))
            })
    }

    /// The patterns' texts, for the digest: neither order nor repetition counts.
    pub(super) fn texts(&self) -> BTreeSet<BTreeSet<&str>> {
        let lists = self.lists.iter();
        lists
            .map(|list| list.iter().map(|bound| bound.text.as_str()).collect())
            .collect()
    }

    fn all(&self, holds: impl Fn(&Bound) -> bool) -> bool {
        self.lists.iter().all(|list| list.iter().any(&holds))
    }
}

/// For people: `` `shop/**` and one of `a/*`, `b` ``.
impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |list: &Vec<Bound>| {
            let texts = list.iter().map(|bound| format!("`{}`", bound.text));
            let texts: Vec<_> = texts.collect();
            let several = if texts.len() > 1 { "one of " } else { "" };
            format!("{several}{}", texts.join(", "))
        };
        let lists: Vec<_> = self.lists.iter().map(list).collect();
        f.write_str(&lists.join(" and "))
    }
}

impl Bound {
    fn parse(text: &str) -> Result<Self, String> {
        match Pattern::parse(text) {
            Ok(Pattern::Glob(glob)) => Ok(Self {
                text: text.to_owned(),
                glob,
            }),
            Ok(Pattern::Images | Pattern::Template(_)) => Err(format!(
                "`{text}`: a ceiling is the same for every caller, so no fact can stand in it; \
                 write the names out, with `*` and `**`"
            )),
            Err(error) => Err(format!("`{text}`: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(lists: &[&[&str]]) -> Within {
        let mut within = Within::default();
        for list in lists {
            let list: Vec<_> = list.iter().map(|text| located(text)).collect();
            within.and(Within::of(&list).unwrap());
        }
        within
    }

    fn located(text: &str) -> Located<String> {
        Located {
            value: text.to_owned(),
            ..Located::default()
        }
    }

    #[test]
    fn of_a_list_one_suffices_and_of_several_lists_each_must_hold() {
        let open = within(&[]);
        assert!(open.is_open() && open.allows("a"));
        let one = within(&[&["shop", "shop/**"]]);
        assert!(one.allows("shop") && one.allows("shop/a/b"));
        assert!(!one.allows("shops") && !one.allows("a/shop"));
        let both = within(&[&["shop/**"], &["*/web", "*/api"]]);
        assert!(both.allows("shop/web") && both.allows("shop/api"));
        assert!(!both.allows("shop/app") && !both.allows("shops/web"));
        assert_eq!(both.to_string(), "`shop/**` and one of `*/web`, `*/api`");
    }

    #[test]
    fn the_same_list_twice_is_one() {
        assert_eq!(within(&[&["a"], &["a"]]), within(&[&["a"]]));
    }

    #[test]
    fn two_ceilings_meet_where_a_name_could_lie_under_both() {
        assert!(within(&[&["shop/**"]]).meets(&within(&[&["*/web"]])));
        assert!(within(&[]).meets(&within(&[&["a"]])));
        assert!(!within(&[&["shop/**"]]).meets(&within(&[&["web/**", "shop"]])));
    }

    #[test]
    fn a_namespace_lies_under_it_with_all_that_its_wildcards_mean() {
        for (ceiling, namespace, expected) in [
            ("shop/**", "shop/acme", true),
            ("shop/**", "shop", false),
            ("shop/**", "shop/*/acme", true),
            ("shop/**", "*/acme", false),
            ("*/acme", "shop/acme", true),
            ("*/acme", "*/acme", true),
            ("*/acme", "**/acme", false),
            ("*/*/acme", "**/acme", false),
            ("**/acme", "**/acme", true),
            ("shop/a*", "shop/*", false),
        ] {
            let holds = within(&[&[ceiling]]).holds(namespace);
            assert_eq!(holds, expected, "{ceiling} {namespace}");
        }
    }

    #[test]
    fn what_is_no_plain_pattern_is_refused_at_its_place() {
        let message = |text: &str| match Within::of(&[located("a"), located(text)]) {
            Ok(_) => String::new(),
            Err(faults) => faults.into_iter().map(|fault| fault.message).collect(),
        };
        insta::assert_snapshot!(
            message("shop/{repository}"),
            @"`shop/{repository}`: a ceiling is the same for every caller, so no fact can stand in it; write the names out, with `*` and `**`"
        );
        assert!(message("{images}").contains("no fact can stand in it"));
        assert!(message("Shop/**").contains("no repository name is like this"));
        assert!(message("/shop/**").contains("no repository name is like this"));
        assert!(message("").contains("never be met"));
        assert!(message("a***").contains("means nothing"));
    }
}
