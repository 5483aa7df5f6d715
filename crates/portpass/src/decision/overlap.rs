//! Whether two patterns can mean the same name, and whether one means all that another does.

use std::collections::BTreeSet;

use super::glob::{Class, Step};

/// Whether some text is matched by both.
///
/// Both patterns are walked at once, as the product of two automata over their
/// positions, so the answer is exact and needs no sample texts.
pub(super) fn intersect(one: &[Step], other: &[Step]) -> bool {
    let Some((one, other)) = strip_common(one, other) else {
        return false;
    };
    let width = other.len() + 1;
    let mut seen = vec![false; (one.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        match seen.get_mut(i * width + j) {
            Some(seen) if !*seen => *seen = true,
            Some(_) | None => continue,
        }
        let (left, right) = (one.get(i).copied(), other.get(j).copied());
        if left.is_none() && right.is_none() {
            return true;
        }
        // A wildcard may end here, also before it took anything.
        if matches!(left, Some(Step::Many(_))) {
            open.push((i + 1, j));
        }
        if matches!(right, Some(Step::Many(_))) {
            open.push((i, j + 1));
        }
        if let (Some(left), Some(right)) = (left, right)
            && share_a_byte(left, right)
        {
            open.push((after(left, i), after(right, j)));
        }
    }
    false
}

/// Whether every text that the inner pattern means is matched by the outer one.
///
/// A `true` is certain: each wildcard of the inner one is taken whole by one of the outer. A
/// `false` is not, where it takes several of the outer's to hold it.
pub(super) fn contains(outer: &[Step], inner: &[Step]) -> bool {
    let mut reached = ended(outer, BTreeSet::from([0]));
    for step in inner {
        let taking = reached.iter().filter_map(|at| {
            let by = *outer.get(*at)?;
            takes(by, *step).then(|| after(by, *at))
        });
        reached = ended(outer, taking.collect());
    }
    reached.contains(&outer.len())
}

/// Positions in a pattern, with those behind wildcards that end there.
fn ended(steps: &[Step], mut positions: BTreeSet<usize>) -> BTreeSet<usize> {
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Many(_)) && positions.contains(&at) {
            positions.insert(at + 1);
        }
    }
    positions
}

/// Whether one step takes all that another stands for.
fn takes(outer: Step, inner: Step) -> bool {
    match (outer, inner) {
        (Step::Byte(outer), Step::Byte(inner)) => outer == inner,
        (Step::Many(class) | Step::One(class), Step::Byte(byte)) => class.holds(byte),
        (Step::Many(outer), Step::Many(inner) | Step::One(inner))
        | (Step::One(outer), Step::One(inner)) => outer == Class::Any || inner == Class::Segment,
        (Step::Byte(_), Step::Many(_) | Step::One(_)) | (Step::One(_), Step::Many(_)) => false,
    }
}

/// Where a pattern stands after its step at `position` took one byte.
fn after(step: Step, position: usize) -> usize {
    match step {
        Step::Byte(_) | Step::One(_) => position + 1,
        Step::Many(_) => position,
    }
}

/// Whether one byte can be taken by both steps. Two classes always share the
/// letters.
fn share_a_byte(one: Step, other: Step) -> bool {
    match (one, other) {
        (Step::Byte(one), Step::Byte(other)) => one == other,
        (Step::Byte(byte), Step::Many(class) | Step::One(class))
        | (Step::Many(class) | Step::One(class), Step::Byte(byte)) => class.holds(byte),
        (Step::Many(_) | Step::One(_), Step::Many(_) | Step::One(_)) => true,
    }
}

/// What is left after the bytes that both begin with; `None` where they differ
/// before any wildcard, which is how most pairs are told apart.
fn strip_common<'a>(
    mut one: &'a [Step],
    mut other: &'a [Step],
) -> Option<(&'a [Step], &'a [Step])> {
    while let (Some((Step::Byte(left), one_rest)), Some((Step::Byte(right), other_rest))) =
        (one.split_first(), other.split_first())
    {
        if left != right {
            return None;
        }
        (one, other) = (one_rest, other_rest);
    }
    Some((one, other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decision::glob::Glob;

    fn overlap(one: &str, other: &str) -> bool {
        let (one, other) = (Glob::parse(one).unwrap(), Glob::parse(other).unwrap());
        let answer = intersect(one.steps(), other.steps());
        assert_eq!(answer, intersect(other.steps(), one.steps()));
        answer
    }

    #[test]
    fn patterns_that_can_mean_one_name_overlap() {
        assert!(overlap("apps/*/web", "apps/acme/*"));
        assert!(overlap("**/web", "apps/**"));
        assert!(overlap("a*", "*a"));
        assert!(overlap("a/b", "a/b"));
    }

    #[test]
    fn patterns_that_cannot_do_not() {
        assert!(!overlap("apps/github/**", "apps/gitlab/**"));
        assert!(!overlap("apps/*", "apps/*/*"));
        assert!(!overlap("**/web", "**/app"));
        assert!(!overlap("a*b", "a*c"));
    }

    proptest! {
        #[test]
        fn a_text_that_both_match_shows_an_overlap(
            one in "([ab/]|[*]{1,2}[ab/]){1,6}",
            other in "([ab/]|[*]{1,2}[ab/]){1,6}",
            text in "[ab/]{1,6}",
        ) {
            let (one, other) = (Glob::parse(&one).unwrap(), Glob::parse(&other).unwrap());
            if one.matches(&text) && other.matches(&text) {
                prop_assert!(intersect(one.steps(), other.steps()));
            }
        }

        #[test]
        fn what_a_contained_pattern_matches_is_matched_by_the_other(
            outer in "([ab/]|[*]{1,2}[ab/]){1,4}",
            inner in "([ab/]|[*]{1,2}[ab/]){1,4}",
            text in "[ab/]{1,6}",
        ) {
            let (outer, inner) = (Glob::parse(&outer).unwrap(), Glob::parse(&inner).unwrap());
            prop_assert!(contains(outer.steps(), outer.steps()));
            if contains(outer.steps(), inner.steps()) {
                prop_assert!(!inner.matches(&text) || outer.matches(&text));
            }
        }
    }
}
