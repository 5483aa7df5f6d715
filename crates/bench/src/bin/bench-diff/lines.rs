//! Events as a large installation records them, by number: always the same.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use portpass::{
    config,
    decision::{Caller, Held, Owners, Policy},
    identity::{Facts, Supposed},
    registry::Registry,
    short_id::ShortId,
    snapshot::Snapshot,
};
use serde_json::{Map, Value, json};

use crate::files::ROWS;

/// When the first of them happened, in seconds since 1970.
const FIRST: i64 = 1_790_000_000;

/// Makes events.
#[derive(Debug)]
pub(crate) struct Lines {
    identities: u64,
    policy: Policy,
    registry: std::sync::Arc<Registry>,
    facts: Map<String, Value>,
}

/// What one job asked for, and what came of it.
struct Ask {
    kind: &'static str,
    reason: Option<&'static str>,
    name: String,
    actions: &'static [&'static str],
    given: &'static [&'static str],
    git_ref: &'static str,
}

impl Lines {
    /// Events that the rules of a file decided.
    pub(crate) fn of(old: &Path, identities: u64) -> Result<Self> {
        let config = config::load(old)?;
        let first = Timestamp::from_second(FIRST)?;
        let Snapshot {
            policy,
            mut registries,
            ..
        } = Snapshot::of(&config, None, first)?;
        let facts = json!({
            "issuer": "github", "owner": "acme", "owner_id": "65", "owner_path": "acme",
            "ref_type": "branch", "ref_protected": true, "event": "push", "event_raw": "push",
            "workflow": ".github/workflows/ci.yml", "runner": "hosted", "actor": "octavia",
            "sha": "3b1f0c7d9e8a46525f4e3d2c1b0a99887766554f",
        });
        Ok(Self {
            identities: identities.max(1),
            policy,
            registry: registries.pop().context("the file has a registry")?,
            facts: facts.as_object().cloned().unwrap_or_default(),
        })
    }

    /// The event of a number, as a line without its end.
    pub(crate) fn line(&self, number: u64) -> String {
        let at = FIRST + i64::try_from(number / 4).unwrap_or_default();
        let at = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let id = 1 + scattered(number) % self.identities;
        // Of a thousand events, so many of each.
        match scattered(number ^ 0xabcd) % 1000 {
            0..=1 => "{\"id\":\"cut off".to_owned(),
            2..=11 => operator(number, at).to_string(),
            12..=31 => stranger(number, at).to_string(),
            32..=81 => anonymous(number, at).to_string(),
            kind => self.job(number, id, &ask(kind, id), at).to_string(),
        }
    }

    fn job(&self, number: u64, id: u64, ask: &Ask, at: Timestamp) -> Value {
        let name = repository(id);
        let mut facts = self.facts.clone();
        let own = [
            ("repository", name.clone()),
            ("repository_id", id.to_string()),
            ("ref", ask.git_ref.to_owned()),
            (
                "workflow_ref",
                format!("{name}/.github/workflows/ci.yml@{}", ask.git_ref),
            ),
            ("run_id", number.to_string()),
            (
                "run_url",
                format!("https://github.com/{name}/actions/runs/{number}"),
            ),
        ];
        facts.extend(own.map(|(fact, value)| (fact.to_owned(), value.into())));
        let claims = json!({ "repository_visibility": "private" });
        let access = json!({ "type": "repository", "name": ask.name, "actions": ask.given });
        let access: &[Value] = if ask.given.is_empty() { &[] } else { &[access] };
        let groups: &[&str] = if id.is_multiple_of(10) {
            &["acl_docker_push"]
        } else {
            &[]
        };
        let asked = format!("repository:{}:{}", ask.name, ask.actions.join(","));
        json!({
            "id": event_id(number, at), "at": at, "last": at, "count": 1 + u64::from(ask.reason.is_some()),
            "kind": ask.kind, "reason": ask.reason,
            "decision": ShortId::of(asked.as_bytes()), "login": ShortId::of(&number.to_be_bytes()),
            "registry": "main", "issuer": "github", "identity": id.to_string(),
            "body": {
                "asked": asked, "claims": claims, "facts": facts, "groups": groups, "means": "jwt",
                "name": name, "policy": self.version(id, &facts, groups),
                "rules": [
                    { "rule": "deny.base", "outcome": "other_access" },
                    { "rule": "rule.base", "outcome": "matched" },
                    { "rule": "rule.own", "outcome": "matched" },
                    { "rule": "rule.push-group", "outcome": "other_caller" },
                    { "rule": "rule.team-0", "outcome": { "unmet_fact": "environment" } },
                    { "rule": "rule.team-1", "outcome": { "unmet_fact": "environment" } },
                    { "rule": "rule.team-2", "outcome": { "unmet_fact": "environment" } },
                    { "rule": "rule.tools", "outcome": "other_access" },
                ],
                "access": access, "expires_at": at + SignedDuration::from_mins(15),
                "lifetime_seconds": 900, "address": "192.0.2.17", "request_id": event_id(number, at),
                "user_agent": "docker/28.2.2 go/go1.24 git-commit/45873be kernel/6.8 os/linux \
                               arch/amd64 UpstreamClient(Docker-Client/28.2.2 \\(linux\\))",
            },
        })
    }

    /// The version under which a repository that has pushed before is decided.
    fn version(&self, id: u64, facts: &Map<String, Value>, groups: &[&str]) -> ShortId {
        let facts: Facts = serde_json::from_value(facts.clone().into()).unwrap_or_default();
        let claims = Map::from_iter([("repository_visibility".to_owned(), "private".into())]);
        let id = id.to_string();
        let who = Supposed::recorded("github", &id, &id, facts, claims);
        let groups: Vec<_> = groups.iter().map(|&name| name.into()).collect();
        let caller = Caller::from(&who);
        let names = self.policy.namespaces(caller, &self.registry);
        let owner = |owner: String| ("github".into(), owner.into());
        let owners: Owners = names
            .into_iter()
            .map(|name| (name.name, owner(name.owner)))
            .collect();
        let held = Held {
            groups: &groups,
            owners: &owners,
        };
        self.policy.version_for(caller, held, &self.registry)
    }
}

/// The id of an event, as a `UUIDv7` that is the same each time.
fn event_id(number: u64, at: Timestamp) -> String {
    let at = at.as_millisecond();
    format!(
        "{:08x}-{:04x}-7000-8000-{number:012x}",
        at >> 16,
        at & 0xffff
    )
}

/// What people call the repository of an id.
fn repository(id: u64) -> String {
    format!("acme/project-{id}")
}

/// What a job asks for, by a number from 82 to 999.
fn ask(kind: u64, id: u64) -> Ask {
    const PULL: &[&str] = &["pull"];
    const PUSH: &[&str] = &["pull", "push"];
    let own = format!("apps/github/{}", repository(id));
    let (name, actions, given, git_ref) = match kind {
        ..=399 => (own, PUSH, PUSH, "refs/heads/main"),
        400..=449 => (own, PUSH, PUSH, "refs/tags/v1.2.3"),
        450..=549 => (own, PUSH, &[] as &[&str], "refs/heads/feature"),
        550..=649 => (own, PULL, PULL, "refs/heads/main"),
        650..=899 => (
            format!("base/image-{}", id % 40),
            PULL,
            PULL,
            "refs/heads/main",
        ),
        900..=949 => (
            format!("tools/tool-{}", id % 20),
            PULL,
            PULL,
            "refs/heads/main",
        ),
        950..=959 => (
            format!("old-tools/tool-{}", id % 20),
            PULL,
            PULL,
            "refs/heads/main",
        ),
        _ => {
            let row = id - id % ROWS;
            let given = if id.is_multiple_of(ROWS) && row > 0 {
                PUSH
            } else {
                &[]
            };
            (format!("web-{row}"), PUSH, given, "refs/heads/main")
        }
    };
    Ask {
        kind: if given.is_empty() { "refusal" } else { "token" },
        reason: given.is_empty().then_some("unmet_fact"),
        name,
        actions,
        given,
        git_ref,
    }
}

fn anonymous(number: u64, at: Timestamp) -> Value {
    json!({
        "id": event_id(number, at), "at": at, "last": at, "count": 1 + number % 30, "kind": "anonymous",
        "reason": null, "decision": null, "login": null, "registry": "main", "issuer": null,
        "identity": null,
        "body": {
            "network": format!("10.0.{}.0/24", number % 200), "policy": "aaaaaaaaaaaaaaaa",
            "repositories": [format!("base/image-{}", number % 40)],
        },
    })
}

fn stranger(number: u64, at: Timestamp) -> Value {
    json!({
        "id": event_id(number, at), "at": at, "last": at, "count": 1, "kind": "stranger",
        "reason": "issuer_unknown", "decision": null, "login": null, "registry": "main",
        "issuer": null, "identity": null,
        "body": {
            "asked": "repository:base/x:pull", "policy": "aaaaaaaaaaaaaaaa", "address": "192.0.2.17",
            "message": "the JWT is of an issuer that is not configured", "request_id": event_id(number, at),
        },
    })
}

fn operator(number: u64, at: Timestamp) -> Value {
    json!({
        "id": event_id(number, at), "at": at, "last": at, "count": 1, "kind": "operator", "reason": null,
        "decision": null, "login": null, "registry": null, "issuer": "github", "identity": "74",
        "body": {
            "action": "groups add", "actor": "uid 0", "detail": { "group": "acl_docker_push" },
        },
    })
}

/// A number that has nothing to do with its neighbours' (`splitmix64`).
fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use portpass::replay::{Batch, Counts, Feed, Pair, Side, replay};

    use super::*;
    use crate::files;

    const IDENTITIES: u64 = 40;
    const EVENTS: u64 = 3000;

    fn weighed(lines: &Lines, files: [&Path; 2]) -> Counts {
        let sides = files.map(|file| {
            let config = config::load(file).unwrap();
            Side::of(&config, false, Timestamp::UNIX_EPOCH).unwrap()
        });
        let [old, new] = sides;
        let feed = |feed: &Feed| -> Result<()> {
            let lines = (0..EVENTS).map(|number| lines.line(number) + "\n");
            let text = lines.collect::<String>().into_bytes();
            feed.take(Batch::Lines { text, too_long: 0 });
            Ok(())
        };
        replay(&Pair::of(old, new), NonZeroUsize::MIN, feed)
            .unwrap()
            .counts
    }

    #[test]
    fn events_are_always_the_same_and_as_long_as_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (old, _) = files::write(folder.path(), IDENTITIES).unwrap();
        let lines = Lines::of(&old, IDENTITIES).unwrap();
        let all: Vec<String> = (0..EVENTS).map(|number| lines.line(number)).collect();
        let again = Lines::of(&old, IDENTITIES).unwrap();
        assert!(
            (0..EVENTS)
                .map(|number| again.line(number))
                .eq(all.iter().cloned())
        );
        let mean = all.iter().map(String::len).sum::<usize>() / all.len();
        assert!((900..2500).contains(&mean), "{mean} bytes");
    }

    #[test]
    fn the_change_of_the_files_is_seen_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = files::write(folder.path(), IDENTITIES).unwrap();
        let lines = Lines::of(&old, IDENTITIES).unwrap();
        let same = weighed(&lines, [&old, &old]);
        assert_eq!((same.events, same.changed, same.unknown), (EVENTS, 0, 0));
        assert!(same.malformed > 0 && same.malformed < EVENTS / 100);
        let changed = weighed(&lines, [&old, &new]);
        assert!(changed.changed > 0 && changed.unknown > 0, "{changed:?}");
        assert!(
            changed.changed + changed.unknown < changed.requests / 4,
            "{changed:?}"
        );
    }
}
