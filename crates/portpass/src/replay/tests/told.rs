//! What events tell.

use serde_json::json;

use super::*;

#[test]
fn who_is_given_push_no_more_loses_it_as_often_as_it_was_asked() {
    let pair = pair(
        &format!("{OWN}[rule.all]\nfrom = [\"github\"]\npull = [\"**\"]\n"),
        "[rule.all]\nfrom = [\"github\"]\npull = [\"**\"]\n",
    );
    let events = [
        event(json!({})),
        event(json!({ "count": 11 })),
        event(
            json!({ "identity": "75", "body": { "asked": "repository:apps/x:pull", "access": [] } }),
        ),
    ];
    assert_eq!(
        found(&pair, &events),
        [r#"github:74 loses push on "apps/github/acme/web" (12)"#]
    );
}

#[test]
fn who_was_refused_and_would_not_be_gains() {
    let new = format!("{OWN}[rule.base]\nfrom = [\"github\"]\npull = [\"base/**\"]\n");
    let pair = pair(OWN, &new);
    let asked = refusal(json!({ "body": { "asked": "repository:base/a:pull" } }));
    assert_eq!(
        found(&pair, &[asked]),
        [r#"github:74 gains pull on "base/a" (1)"#]
    );
}

#[test]
fn a_request_that_is_refused_for_its_push_does_not_lose_its_pulls() {
    let all = "[rule.all]\nfrom = [\"github\"]\npull = [\"**\"]\n";
    let deny = "[deny.web]\npush = [\"apps/github/acme/**\"]\n";
    let pair = pair(&format!("{OWN}{all}"), &format!("{OWN}{all}{deny}"));
    let asked = "repository:apps/github/acme/web:pull,push repository:base/a:pull";
    let events = [event(json!({ "body": { "asked": asked } }))];
    assert_eq!(
        found(&pair, &events),
        [r#"github:74 loses push on "apps/github/acme/web" (1)"#]
    );
}

#[test]
fn a_tenant_that_is_pinned_no_more_loses_everything_and_its_login() {
    let narrowed = ISSUERS.replace("[\"65\"]", "[\"66\"]");
    let (old, new) = (format!("{ISSUERS}{OWN}"), format!("{narrowed}{OWN}"));
    let pair = Pair::of(side(&old, false), side(&new, false));
    let login = event(json!({ "body": { "asked": "", "access": [] } }));
    let expected = [
        r#"github:74 loses login on "" (1)"#,
        r#"github:74 loses pull,push on "apps/github/acme/web" (1)"#,
    ];
    assert_eq!(found(&pair, &[event(json!({})), login]), expected);
    let back = Pair::of(side(&new, false), side(&old, false));
    let refused = refusal(json!({ "body": { "access": [{
        "type": "repository", "name": "apps/github/acme/web", "actions": ["push"] }] } }));
    assert_eq!(
        found(&back, &[refused]),
        [r#"github:74 gains pull,push on "apps/github/acme/web" (1)"#]
    );
}

#[test]
fn without_its_issuer_or_its_registry_nobody_keeps_anything() {
    let old = || side(&format!("{ISSUERS}{OWN}"), false);
    let people = ISSUERS.split("[issuer.people]").nth(1).unwrap();
    let without_issuer = side(&format!("[issuer.people]{people}"), false);
    let expected = [r#"github:74 loses pull,push on "apps/github/acme/web" (1)"#];
    let pair = Pair::of(old(), without_issuer);
    assert_eq!(found(&pair, &[event(json!({}))]), expected);
    let elsewhere = event(json!({ "registry": "gone" }));
    assert_eq!(found(&pair, &[elsewhere]), [""; 0], "neither side has it");
}

#[test]
fn nobody_in_particular_loses_what_was_pulled_in_its_name() {
    let rule = "[rule.base]\nanonymous = true\npull = [\"base/**\"]\n";
    let pair = pair(rule, "");
    let anonymous = json!({
        "id": "1", "at": "2026-11-20T10:00:00Z", "last": "2026-11-20T10:00:00Z", "count": 40,
        "kind": "anonymous", "registry": "prod", "issuer": null, "identity": null,
        "body": { "network": "192.0.2.0/24", "policy": "cccc", "repositories": ["base/a"] },
    });
    assert_eq!(
        found(&pair, &[anonymous]),
        [r#"anonymous:anonymous loses pull on "base/a" (40)"#]
    );
}

#[test]
fn whoever_presented_no_jwt_has_no_claims_that_were_not_recorded() {
    let rule = "[rule.base]\nanonymous = true\npull = [\"base/**\"]\n";
    let deny = "[deny.base]\ncel = \"claims.x == '1'\"\npull = [\"base/**\"]\n";
    let pair = pair(rule, &format!("{rule}{deny}"));
    let anonymous = json!({
        "last": "2026-11-20T10:00:00Z", "count": 2, "kind": "anonymous", "registry": "prod",
        "body": { "repositories": ["base/a"] },
    });
    assert_eq!(
        found(&pair, &[anonymous]),
        [r#"anonymous:anonymous loses pull on "base/a" (2)"#],
        "a deny that cannot be told denies"
    );
}

#[test]
fn members_of_a_group_that_both_files_have_are_those_that_were_recorded() {
    let group = "[group.team]\noperators = true\n";
    let rule = "[rule.team]\ngroup = \"team\"\npull = [\"base/**\"]\n";
    let pair = pair(group, &format!("{group}{rule}"));
    let asks = |id: &str, groups: &[&str]| {
        let body = json!({ "asked": "repository:base/a:pull", "groups": groups });
        refusal(json!({ "identity": id, "body": body }))
    };
    assert_eq!(
        found(
            &pair,
            &[asks("1", &["team"]), asks("2", &[]), asks("3", &["other"])]
        ),
        [r#"github:1 gains pull on "base/a" (1)"#]
    );
}

#[test]
fn what_an_api_token_was_given_its_own_patterns_allow() {
    let group = "[group.robots]\noperators = true\n";
    let rule = "[rule.robots]\ngroup = \"robots\"\nany_run = true\npush = [\"base/**\"]\n";
    let pair = pair(&format!("{group}{rule}"), group);
    let token = event(json!({
        "issuer": "token", "identity": "mirror-1",
        "body": {
            "asked": "repository:base/a:push", "groups": ["robots"], "facts": { "issuer": "token" },
            "access": [{ "type": "repository", "name": "base/a", "actions": ["push"] }],
        },
    }));
    assert_eq!(
        found(&pair, &[token]),
        [r#"token:mirror-1 loses push on "base/a" (1)"#]
    );
}

#[test]
fn shadow_rules_are_weighed_as_if_they_were_live() {
    let shadow = "[deny.web]\nmode = \"shadow\"\npush = [\"apps/**\"]\n";
    let text = format!("{ISSUERS}{OWN}{shadow}");
    let live = Pair::of(side(&text, false), side(&text, false));
    assert_eq!(found(&live, &[event(json!({}))]), [""; 0]);
    let pair = Pair::of(side(&text, false), side(&text, true));
    assert_eq!(
        found(&pair, &[event(json!({}))]),
        [r#"github:74 loses push on "apps/github/acme/web" (1)"#]
    );
}

#[test]
fn what_cannot_be_read_or_was_not_decided_by_rules_is_counted_and_passed_over() {
    let pair = pair(OWN, "");
    let text = format!(
        "not json\n\n{}\n{}\n{}\n{{\"kind\":",
        event(json!({ "body": { "relay": "passthrough" } })),
        json!({ "last": "2026-11-20T10:00:00Z", "count": 1, "kind": "operator", "body": {} }),
        event(json!({})),
    );
    let feed = |feed: &crate::replay::Feed| -> Result<(), ()> {
        let text = text.into_bytes();
        feed.take(Batch::Lines { text, too_long: 2 });
        Ok(())
    };
    let counts = replay(&pair, NonZeroUsize::MIN, feed).unwrap().counts;
    assert_eq!((counts.events, counts.malformed), (7, 4));
    assert_eq!((counts.by_provider, counts.without_rules), (1, 1));
    assert_eq!((counts.requests, counts.changed, counts.unknown), (1, 1, 0));
}

#[test]
fn it_does_not_matter_how_many_weigh() {
    let pair = pair(OWN, "");
    let tally = |workers: usize| {
        let feed = |feed: &crate::replay::Feed| -> Result<(), ()> {
            for batch in 0..20 {
                let events = (0..batch).map(|id| event(json!({ "identity": id.to_string() })));
                let lines = events.map(|event| format!("{event}\n"));
                let text = lines.collect::<String>().into_bytes();
                feed.take(Batch::Lines { text, too_long: 0 });
            }
            Ok(())
        };
        replay(&pair, NonZeroUsize::new(workers).unwrap(), feed).unwrap()
    };
    let summary = |tally: &Tally| {
        let groups = tally.groups.iter();
        let groups = groups.map(|(group, found)| (group.clone(), found.clone()));
        (tally.counts, groups.collect::<Vec<_>>())
    };
    let alone = tally(1);
    assert_eq!(alone.counts.requests, 190);
    assert_eq!(summary(&alone), summary(&tally(4)));
}

#[test]
fn what_keeps_from_reading_is_the_callers_to_know() {
    let pair = pair(OWN, "");
    let error = replay(&pair, NonZeroUsize::MIN, |_| Err("gone")).unwrap_err();
    assert_eq!(error, "gone");
}

#[test]
fn what_no_record_says_is_passed_over_and_never_counted() {
    let new = format!("{OWN}[rule.base]\nfrom = [\"github\"]\npull = [\"base/**\"]\n");
    let pair = pair(OWN, &new);
    let asked = |changed| {
        let mut event = refusal(json!({ "body": { "asked": "repository:base/a:pull" } }));
        put(&mut event, changed);
        event
    };
    let long = "x".repeat(1025);
    let events = [
        asked(json!({ "count": i64::MAX })),
        asked(json!({ "count": i64::MAX })),
        asked(json!({ "count": i64::MAX })),
        asked(json!({ "count": -1 })),
        asked(json!({ "identity": long })),
        asked(json!({ "body": { "name": long } })),
        asked(json!({ "count": 2 })),
    ];
    let tally = tally(&pair, &events);
    assert_eq!((tally.counts.malformed, tally.counts.requests), (6, 2));
}
