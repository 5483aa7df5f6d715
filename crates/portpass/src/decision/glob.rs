//! Globs, anchored at both ends: `*` stays within a segment, `**` crosses.

use std::fmt;

use super::overlap;

/// One step of a pattern, over bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Step {
    /// This byte.
    Byte(u8),
    /// Any number of bytes of a class, also none.
    Many(Class),
    /// One byte of a class. Globs have none; templates whose placeholders are
    /// not rendered do.
    One(Class),
}

/// Which bytes a wildcard stands for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Class {
    /// Every byte.
    Any,
    /// Every byte but `/`.
    Segment,
}

impl Class {
    pub(super) fn holds(self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Segment => byte != b'/',
        }
    }
}

/// A text with wildcards, compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Glob(Vec<Step>);

/// Why a text is not a glob.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum GlobError {
    /// It can only mean the empty text, which nothing is.
    #[error("an empty pattern can never be met")]
    Empty,
    /// Three stars or more have no meaning.
    #[error("`***` means nothing: `*` stays within a segment, `**` crosses `/`")]
    Stars,
}

impl Glob {
    /// Reads a glob; only `*` has a meaning of its own, and none can be escaped.
    pub(super) fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        let mut steps = Vec::with_capacity(text.len());
        push_glob(text, &mut steps)?;
        Ok(Self(steps))
    }

    /// A glob of steps that were made elsewhere.
    pub(super) fn of(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// Everything that begins with a text.
    pub(super) fn under(prefix: &str) -> Self {
        let mut steps: Vec<_> = prefix.bytes().map(Step::Byte).collect();
        steps.push(Step::Many(Class::Any));
        Self(steps)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether some text beginning so is matched.
    pub(super) fn may_begin_with(&self, prefix: &str) -> bool {
        overlap::intersect(&self.0, Self::under(prefix).steps())
    }

    /// A text that it matches: each wildcard is a word.
    pub(super) fn example(&self) -> String {
        let word = |step: &Step| match step {
            Step::Byte(byte) => char::from(*byte).to_string(),
            Step::Many(_) => "any".to_owned(),
            Step::One(_) => "a".to_owned(),
        };
        self.0.iter().map(word).collect()
    }

    /// Whether the glob matches a text as a whole.
    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }
}

/// As the file would have it.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.0))
    }
}

/// Steps as the file would have them; what a placeholder could be, as a wildcard.
pub(super) fn text(steps: &[Step]) -> String {
    let mut bytes = Vec::with_capacity(steps.len() + 2);
    for step in steps {
        match step {
            Step::Byte(byte) => bytes.push(*byte),
            Step::Many(Class::Segment) | Step::One(_) => bytes.push(b'*'),
            Step::Many(Class::Any) => bytes.extend(b"**"),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Appends the steps of a text with wildcards.
pub(super) fn push_glob(text: &str, steps: &mut Vec<Step>) -> Result<(), GlobError> {
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'*' {
            steps.push(Step::Byte(byte));
        } else if bytes.next_if_eq(&b'*').is_none() {
            steps.push(Step::Many(Class::Segment));
        } else if bytes.peek() == Some(&b'*') {
            return Err(GlobError::Stars);
        } else {
            steps.push(Step::Many(Class::Any));
        }
    }
    Ok(())
}

/// Whether steps match a text as a whole, in time bounded by the product of
/// their lengths.
///
/// Going back to the last wildcard of each class suffices: what an earlier one
/// could take more of, a later one of the same reach can take as well.
pub(super) fn matches(steps: &[Step], text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut step, mut at) = (0, 0);
    let (mut star, mut deep) = (None, None);
    loop {
        match (steps.get(step), bytes.get(at)) {
            (Some(Step::Many(Class::Segment)), _) => {
                step += 1;
                star = Some((step, at));
                continue;
            }
            (Some(Step::Many(Class::Any)), _) => {
                step += 1;
                deep = Some((step, at));
                star = None;
                continue;
            }
            (Some(Step::Byte(one)), Some(other)) if one == other => {
                step += 1;
                at += 1;
                continue;
            }
            (Some(Step::One(class)), Some(byte)) if class.holds(*byte) => {
                step += 1;
                at += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let stretch = |(_, taken): &(usize, usize), class: Class| {
            bytes.get(*taken).is_some_and(|byte| class.holds(*byte))
        };
        if let Some((after, taken)) = star.filter(|point| stretch(point, Class::Segment)) {
            star = Some((after, taken + 1));
            (step, at) = (after, taken + 1);
        } else if let Some((after, taken)) = deep.filter(|point| stretch(point, Class::Any)) {
            star = None;
            deep = Some((after, taken + 1));
            (step, at) = (after, taken + 1);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        Glob::parse(glob).unwrap().matches(text)
    }

    #[test]
    fn a_glob_is_anchored_at_both_ends() {
        assert!(matches("apps/web", "apps/web"));
        assert!(!matches("apps/web", "apps/web2"));
        assert!(!matches("apps/web", "my/apps/web"));
        assert!(!matches("apps/web", "apps/web\n"));
        assert!(!matches("apps/web", "Apps/web"));
    }

    #[test]
    fn one_star_stays_within_a_segment() {
        assert!(matches("refs/tags/v*", "refs/tags/v1.2"));
        assert!(matches("refs/tags/v*", "refs/tags/v"));
        assert!(!matches("refs/tags/v*", "refs/tags/v1/evil"));
        assert!(matches("*/web", "acme/web"));
        assert!(!matches("*/web", "acme/sub/web"));
        assert!(matches("a*b*c", "abbbc"));
        assert!(!matches("a*b/c*", "axb/d"));
    }

    #[test]
    fn two_stars_cross_segments() {
        assert!(matches("**", "a/b/c"));
        assert!(matches("base/**", "base/a/b"));
        assert!(!matches("base/**", "base"));
        assert!(matches("a/**/z*", "a/b/c/z9"));
        assert!(!matches("a/**/z*", "a/b/z/9"));
    }

    #[test]
    fn what_is_special_elsewhere_is_plain_here() {
        assert!(!matches("a|b", "a"));
        assert!(!matches("[ab]", "a"));
        assert!(!matches("a.c", "abc"));
        assert!(!matches("a?", "ab"));
    }

    #[test]
    fn nonsense_is_no_glob() {
        assert_eq!(Glob::parse(""), Err(GlobError::Empty));
        assert_eq!(Glob::parse("a***"), Err(GlobError::Stars));
    }

    proptest! {
        #[test]
        fn matching_is_what_its_meaning_says(
            glob in "([ab/]|[*]{1,2}[ab/]){1,8}",
            text in "[ab/]{0,10}",
        ) {
            let glob = Glob::parse(&glob).unwrap();
            prop_assert_eq!(glob.matches(&text), meaning(glob.steps(), text.as_bytes()));
        }
    }

    /// The meaning, without thought for time.
    fn meaning(steps: &[Step], text: &[u8]) -> bool {
        match steps.split_first() {
            None => text.is_empty(),
            Some((Step::Many(class), rest)) => {
                meaning(rest, text)
                    || text
                        .split_first()
                        .is_some_and(|(byte, text)| class.holds(*byte) && meaning(steps, text))
            }
            Some((step, rest)) => text.split_first().is_some_and(|(byte, text)| {
                let met = match step {
                    Step::Byte(one) => one == byte,
                    Step::One(class) | Step::Many(class) => class.holds(*byte),
                };
                met && meaning(rest, text)
            }),
        }
    }
}
