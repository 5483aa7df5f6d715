//! Groups and counts, whoever counts them.

use super::*;
use crate::replay::change::Action;

fn change(action: Action, old: bool, new: bool) -> Change {
    let mut change = Change::default();
    change.note(action, old, new);
    change
}

fn loses_push(id: u64) -> Group {
    let change = change(Action::Push, true, false);
    Group::of(("github", &format!("{id:03}")), "prod", "apps/x", change)
}

fn at(second: i64) -> Found {
    Found::of("acme/web", 1, Timestamp::from_second(second).unwrap())
}

fn summary(groups: &Groups) -> Vec<(String, u64)> {
    let of = |(group, found): (&Group, &Found)| (group.identity.to_string(), found.requests);
    groups.iter().map(of).collect()
}

#[test]
fn a_group_knows_how_often_it_came_and_when_last() {
    let mut groups = Groups::default();
    for second in [5, 9, 2] {
        groups.add(loses_push(1), at(second));
    }
    let (_, found) = groups.iter().next().unwrap();
    assert_eq!((found.requests, found.last.as_second()), (3, 9));
}

#[test]
fn whoever_counts_what_and_when_the_same_groups_are_kept() {
    let ids = [7, 3, 9, 1, 3, 8, 9, 2, 1, 7, 5, 9, 3];
    let all = |parts: usize| {
        let mut parts = vec![Groups::with_room_for(3); parts];
        for (index, id) in ids.into_iter().enumerate() {
            let part = index % parts.len();
            parts[part].add(loses_push(id), at(1));
        }
        let join = |mut one: Groups, other| {
            one.join(other);
            one
        };
        parts.into_iter().reduce(join).unwrap()
    };
    for parts in 1..=5 {
        let groups = all(parts);
        let expected = [("001", 2), ("002", 1), ("003", 3)];
        let expected = expected.map(|(id, requests)| (id.to_owned(), requests));
        assert_eq!(summary(&groups), expected, "in {parts} parts");
        assert_eq!(groups.rest, 7, "in {parts} parts");
    }
}

#[test]
fn those_that_lose_come_before_those_that_gain_and_what_is_unknown_last() {
    let mut unknown = Change::default();
    unknown.unknown.add(Action::Pull);
    let mut groups = Groups::default();
    let changes = [
        ("1", unknown),
        ("2", change(Action::Push, false, true)),
        ("3", change(Action::Push, true, false)),
    ];
    for (id, change) in changes {
        groups.add(Group::of(("github", id), "prod", "a", change), at(1));
    }
    let ids: Vec<_> = groups.iter().map(|(group, _)| &*group.identity).collect();
    assert_eq!(ids, ["3", "2", "1"]);
}

#[test]
fn reasons_are_bounded_too() {
    let mut groups = Groups::default();
    for number in 0..100 {
        let mut found = at(1);
        found.because.insert(format!("reason {number:03}"));
        groups.add(loses_push(1), found);
    }
    let (_, found) = groups.iter().next().unwrap();
    assert_eq!(found.because.len(), REASONS);
    assert_eq!(found.because.first().unwrap(), "reason 000");
}
