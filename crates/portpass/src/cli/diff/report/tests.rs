//! What people and programs are told.

use jiff::Timestamp;

use super::*;

fn tally() -> Tally {
    let mut tally = Tally::default();
    tally.counts.events = 14;
    tally.counts.requests = 13;
    tally.counts.changed = 12;
    tally.counts.unknown = 1;
    tally.counts.malformed = 1;
    let last: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let loses = Change {
        loses: [Action::Push].into_iter().collect(),
        ..Change::default()
    };
    let unknown = Change {
        unknown: [Action::Pull, Action::Push].into_iter().collect(),
        ..Change::default()
    };
    let groups = [
        ("74", "apps/github/acme/web", loses, 12, "acme/web"),
        ("75", "apps/github/acme/\u{1b}[31m", unknown, 1, "75"),
    ];
    for (id, repository, change, requests, name) in groups {
        let group = Group::of(("github", id), "prod", repository, change);
        let mut found = Found::of(name, requests, last);
        if !change.unknown.is_empty() {
            found.because.insert("claims.job_workflow_ref".to_owned());
        }
        tally.groups.add(group, found);
    }
    tally
}

#[test]
fn a_row_says_who_loses_what_how_often_and_when() {
    let tally = tally();
    let rows = rows(&tally.groups);
    let cells = rows.iter().map(Row::cells);
    insta::assert_snapshot!(crate::cli::printer::columns(cells), @r"
    github:74 acme/web  loses push          on apps/github/acme/web of prod    (12 requests, last 2026-11-20)
    github:75           unknown: pull,push  on apps/github/acme/?[31m of prod  (1 request, last 2026-11-20; claims.job_workflow_ref)
    ");
}

#[test]
fn what_was_not_weighed_is_said() {
    insta::assert_snapshot!(summary(&tally().counts), @r"
    14 events, 13 requests weighed: 12 come out otherwise, of 1 it cannot be told
    passed over: 1 events could not be read
    ");
}

#[test]
fn programs_are_told_the_same() {
    let tally = tally();
    let events = Events::of(&tally, true);
    let told = serde_json::to_value(&events).unwrap();
    assert_eq!(told["changed"], 12);
    assert_eq!(
        told["groups"][0],
        serde_json::json!({
            "issuer": "github", "identity": "74", "registry": "prod",
            "repository": "apps/github/acme/web", "loses": ["push"], "name": "acme/web",
            "requests": 12, "last": "2026-11-20T10:00:00Z",
        })
    );
    assert_eq!(told["groups"][1]["because"][0], "claims.job_workflow_ref");
    assert_eq!(told["shadow"]["requests"], 0);
}

#[test]
fn remarks_and_differences_count_as_different() {
    let (tally, nothing) = (tally(), Tally::default());
    let report = |remarks: &[&str], events| Report {
        remarks: remarks.iter().map(|&text| text.to_owned()).collect(),
        fixtures: Vec::new(),
        fixtures_not_shown: 0,
        events,
    };
    assert!(!report(&[], None).is_different());
    assert!(!report(&[], Some(Events::of(&nothing, false))).is_different());
    assert!(report(&["a"], None).is_different());
    assert!(report(&[], Some(Events::of(&tally, false))).is_different());
}
