//! Whether everything that one pattern means is meant by another as well.

use std::collections::{BTreeSet, HashSet};

use super::glob::{Class, Step};

/// How many pairs of positions are looked at before the answer is "unsure".
const MOST_STATES: usize = 20_000;

/// Whether every text that `narrow` matches is matched by `wide`; `false` where
/// it is not, and where it would take too long to tell.
///
/// All positions in which `wide` could be are walked beside each position of
/// `narrow`, as a powerset automaton beside a plain one: only a text that
/// `narrow` accepts and no position of `wide` does shows the contrary.
pub(super) fn includes(wide: &[Step], narrow: &[Step]) -> bool {
    let alphabet = alphabet(wide, narrow);
    let mut seen: HashSet<(usize, BTreeSet<usize>)> = HashSet::new();
    let mut open = vec![(0, closure(wide, BTreeSet::from([0])))];
    while let Some(state) = open.pop() {
        if seen.contains(&state) {
            continue;
        }
        if seen.len() == MOST_STATES {
            return false;
        }
        let (at, among) = &state;
        match narrow.get(*at) {
            None => {
                if !among.contains(&wide.len()) {
                    return false;
                }
            }
            Some(step) => {
                if matches!(step, Step::Many(_)) {
                    // It may end here, also before it took anything.
                    open.push((at + 1, among.clone()));
                }
                for byte in alphabet.iter().filter(|byte| takes(*step, **byte)) {
                    open.push((after(*step, *at), stepped(wide, among, *byte)));
                }
            }
        }
        seen.insert(state);
    }
    true
}

/// One byte for every way in which bytes are told apart.
fn alphabet(wide: &[Step], narrow: &[Step]) -> BTreeSet<u8> {
    let mut bytes: BTreeSet<u8> = wide
        .iter()
        .chain(narrow)
        .filter_map(|step| match step {
            Step::Byte(byte) => Some(*byte),
            Step::Many(_) | Step::One(_) => None,
        })
        .collect();
    bytes.insert(b'/');
    // Any byte that neither names stands for all of those.
    bytes.extend((0..=u8::MAX).find(|byte| !bytes.contains(byte)));
    bytes
}

fn takes(step: Step, byte: u8) -> bool {
    match step {
        Step::Byte(one) => one == byte,
        Step::Many(class) | Step::One(class) => Class::holds(class, byte),
    }
}

fn after(step: Step, position: usize) -> usize {
    match step {
        Step::Byte(_) | Step::One(_) => position + 1,
        Step::Many(_) => position,
    }
}

/// Where a pattern may stand after one byte.
fn stepped(steps: &[Step], among: &BTreeSet<usize>, byte: u8) -> BTreeSet<usize> {
    let next = among.iter().filter_map(|at| {
        let step = *steps.get(*at)?;
        takes(step, byte).then(|| after(step, *at))
    });
    closure(steps, next.collect())
}

/// With the positions behind wildcards, which may take nothing.
fn closure(steps: &[Step], mut among: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut open: Vec<usize> = among.iter().copied().collect();
    while let Some(at) = open.pop() {
        if matches!(steps.get(at), Some(Step::Many(_))) && among.insert(at + 1) {
            open.push(at + 1);
        }
    }
    among
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decision::glob::Glob;

    fn within(wide: &str, narrow: &str) -> bool {
        let (wide, narrow) = (Glob::parse(wide).unwrap(), Glob::parse(narrow).unwrap());
        includes(wide.steps(), narrow.steps())
    }

    #[test]
    fn a_wider_pattern_includes_a_narrower_one() {
        assert!(within("base/**", "base/web"));
        assert!(within("base/**", "base/*"));
        assert!(within("base/**", "base/**"));
        assert!(within("**", "a/*/b"));
        assert!(within("*/web", "acme/web"));
        assert!(within("a*", "a*b*"));
    }

    #[test]
    fn a_pattern_that_means_more_is_not_included() {
        assert!(!within("base/**", "**"));
        assert!(!within("base/**", "base"));
        assert!(!within("base/*", "base/**"));
        assert!(!within("*/web", "**/web"));
        assert!(!within("a*b", "a*"));
        assert!(!within("apps/**", "base/web"));
    }

    proptest! {
        #[test]
        fn what_a_narrower_pattern_matches_the_wider_one_does(
            wide in "([ab/]|[*]{1,2}[ab/]){1,6}",
            narrow in "([ab/]|[*]{1,2}[ab/]){1,6}",
            text in "[ab/]{1,6}",
        ) {
            let (wide, narrow) = (Glob::parse(&wide).unwrap(), Glob::parse(&narrow).unwrap());
            if includes(wide.steps(), narrow.steps()) && narrow.matches(&text) {
                prop_assert!(wide.matches(&text));
            }
            prop_assert!(includes(wide.steps(), wide.steps()));
        }
    }
}
