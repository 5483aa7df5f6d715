//! Recorded requests against pairs of files, as sentences.

mod fixtures;
mod remarks;
mod told;
mod untold;

use std::{fs, num::NonZeroUsize};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Batch, Pair, Side, Tally, replay};
use crate::config::{Config, load};

/// What every file here begins with.
const HEAD: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind = "distribution"
"#;

/// Two issuers: a code host with a pin, and people.
const ISSUERS: &str = r#"
[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[issuer.people]
kind = "oidc"
url = "https://id.example.com"
audience = ["registry.example.com"]
"#;

/// Who may push their own names.
const OWN: &str = r#"
[rule.own]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{issuer}/{repository}"]
"#;

fn config(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    let data = format!("\n[store]\ndata_dir = '{}'\n", folder.path().display());
    fs::write(&path, format!("{HEAD}{text}{data}")).unwrap();
    load(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn side(text: &str, is_shadow_live: bool) -> Side {
    Side::of(&config(text), is_shadow_live, Timestamp::UNIX_EPOCH).unwrap()
}

/// Two files with the usual issuers.
fn pair(old: &str, new: &str) -> Pair {
    let with_issuers = |rules: &str| side(&format!("{ISSUERS}{rules}"), false);
    Pair::of(with_issuers(old), with_issuers(new))
}

/// The event of a push by `github:74` to its own name, granted; `changed` is put over it.
fn event(changed: Value) -> Value {
    let mut event = json!({
        "id": "1", "at": "2026-11-20T10:00:00Z", "last": "2026-11-20T10:00:00Z", "count": 1,
        "kind": "token", "reason": null, "decision": "aaaa", "login": "bbbb", "registry": "prod",
        "issuer": "github", "identity": "74",
        "body": {
            "asked": "repository:apps/github/acme/web:pull,push",
            "access": [{
                "type": "repository", "name": "apps/github/acme/web", "actions": ["pull", "push"],
            }],
            "claims": {}, "groups": [], "name": "acme/web", "policy": "cccc",
            "rules": [{ "rule": "rule.own", "outcome": "matched" }],
            "facts": {
                "issuer": "github", "repository": "acme/web", "repository_id": "74",
                "owner": "acme", "owner_id": "65", "ref": "refs/heads/main", "event": "push",
            },
        },
    });
    put(&mut event, changed);
    event
}

fn put(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                put(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// The same, refused by the rules.
fn refusal(changed: Value) -> Value {
    let mut event = event(json!({
        "kind": "refusal", "reason": "no_rule", "body": { "access": [], "rules": [] },
    }));
    put(&mut event, changed);
    event
}

fn tally(pair: &Pair, events: &[Value]) -> Tally {
    let lines = events.iter().map(|event| format!("{event}\n"));
    let text = lines.collect::<String>().into_bytes();
    let feed = |feed: &super::Feed| -> Result<(), ()> {
        feed.take(Batch::Lines { text, too_long: 0 });
        Ok(())
    };
    replay(pair, NonZeroUsize::MIN, feed).unwrap()
}

/// What is found of some events: who, what, where, how often, and why.
fn found(pair: &Pair, events: &[Value]) -> Vec<String> {
    let tally = tally(pair, events);
    assert_eq!(tally.counts.malformed, 0, "the events are well formed");
    let line = |(group, found): (&super::Group, &super::Found)| {
        let because = found.because.iter().map(|why| format!("; {why}"));
        let because = because.collect::<String>();
        format!(
            "{}:{} {} on {:?} ({}){because}",
            group.issuer, group.identity, group.change, group.repository, found.requests
        )
    };
    tally.groups.iter().map(line).collect()
}
