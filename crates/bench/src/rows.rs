//! Rows as the server writes them: the same columns, and bodies of the same length.

use anyhow::Result;
use fixtures::Kind;
use jiff::{SignedDuration, Timestamp};
use portpass::{
    event_id::event_id,
    short_id::ShortId,
    store::{EventRow, IdentityRow, NamespaceRow, RefreshTokenRow, SessionRow},
};
use serde_json::{Map, Value, json};

use crate::{
    fill::Sizes,
    jobs::{namespace, repository},
};

/// How far back events go, in milliseconds: less than what is kept at least.
const SPAN_MS: i64 = 60 * 24 * 3_600_000;

const HOUR_MS: i64 = 3_600_000;

/// Makes rows, by number, from 1.
#[derive(Debug)]
pub struct Rows {
    identities: u64,
    events: i64,
    now: Timestamp,
    binding: String,
}

impl Rows {
    /// Rows of an installation as of `now`.
    pub fn new(sizes: &Sizes, now: Timestamp) -> Result<Self> {
        Ok(Self {
            identities: sizes.identities.max(1),
            events: sizes.events.max(1).try_into()?,
            now,
            binding: ShortId::of(b"bench").to_string(),
        })
    }

    /// A repository that has pushed before.
    pub fn identity(&self, number: u64) -> IdentityRow {
        IdentityRow {
            issuer: "github".to_owned(),
            identity: number.to_string(),
            name: repository(number),
            names: "[]".to_owned(),
            first_ms: self.ms() - SPAN_MS,
            last_ms: self.ms() - HOUR_MS,
        }
    }

    /// The namespace that it owns.
    pub fn namespace(&self, number: u64) -> NamespaceRow {
        NamespaceRow {
            registry: "main".to_owned(),
            namespace: namespace(number),
            issuer: "github".to_owned(),
            owner: number.to_string(),
            name: repository(number),
            since_ms: self.ms() - SPAN_MS,
        }
    }

    /// A login of the last minutes.
    pub fn session(&self, number: u64) -> SessionRow {
        let id = self.id(number);
        let issued_ms = self.ms() - 10 * 60_000;
        SessionRow {
            login: login("session", number),
            issuer: "github".to_owned(),
            identity: id.to_string(),
            name: repository(id),
            run: Some(number.to_string()),
            binding: self.binding.clone(),
            signing_key: "cc413527-173f-5a05-976e-9c52b1d7b431".to_owned(),
            issued_ms,
            expires_ms: issued_ms + 5 * 60_000,
            opened_ms: issued_ms + 1000,
            ends_ms: issued_ms + HOUR_MS,
            prune_ms: issued_ms + 30 * HOUR_MS,
            last_used_ms: issued_ms + 2000,
            uses: 3,
            networks: r#"["192.0.2.0/24"]"#.to_owned(),
            claims: Value::Object(claims(id, number, issued_ms)).to_string(),
            provider: None,
            sealed: None,
        }
    }

    /// What `docker login` left that login.
    pub fn refresh_token(&self, login: &str) -> RefreshTokenRow {
        RefreshTokenRow {
            // As long as the hash of a secret: 52 characters.
            hash: format!("{login}{login}{login}aaaa"),
            login: login.to_owned(),
            registry: "main".to_owned(),
            created_ms: self.ms() - 9 * 60_000,
        }
    }

    /// A token that was given, as its event tells it.
    pub fn event(&self, number: u64) -> EventRow {
        let id = self.id(number);
        // The first is the oldest, as where rows are only ever added.
        let age = i64::try_from(number)
            .map_or(0, |number| (self.events - number) * (SPAN_MS / self.events));
        let at = self.now - SignedDuration::from_millis(age);
        EventRow {
            id: event_id(at),
            at_ms: at.as_millisecond(),
            last_ms: at.as_millisecond(),
            count: 1,
            kind: "token".to_owned(),
            reason: None,
            decision: Some(login("decision", number)),
            login: Some(login("login", number)),
            registry: Some("main".to_owned()),
            issuer: Some("github".to_owned()),
            identity: Some(id.to_string()),
            body: body(id, number, at),
        }
    }

    fn id(&self, number: u64) -> u64 {
        1 + number % self.identities
    }

    fn ms(&self) -> i64 {
        self.now.as_millisecond()
    }
}

/// Sixteen characters that no other row has.
fn login(of: &str, number: u64) -> String {
    ShortId::of(format!("{of} {number}").as_bytes()).to_string()
}

/// What the platform said of a run.
fn claims(id: u64, run: u64, issued_ms: i64) -> Map<String, Value> {
    let set = [
        ("repository", repository(id)),
        ("repository_id", id.to_string()),
        ("run_id", run.to_string()),
    ];
    fixtures::claims(Kind::GithubActions, Kind::GithubActions.usual())
        .and_then(|claims| claims.with(&set))
        .expect("the fixture is there, and its claims are texts")
        .at(issued_ms / 1000)
}

fn body(id: u64, run: u64, at: Timestamp) -> String {
    let name = repository(id);
    let workflow = format!("{name}/.github/workflows/ci.yml@refs/heads/main");
    json!({
        "asked": format!("repository:{}:pull,push", namespace(id)),
        "claims": {
            "event_name": "push", "ref": "refs/heads/main", "repository_owner_id": "65",
            "repository_id": id.to_string(),
        },
        "facts": {
            "issuer": "github", "repository": name, "repository_id": id.to_string(), "owner": "acme",
            "owner_id": "65", "owner_path": "acme", "ref": "refs/heads/main", "ref_type": "branch",
            "ref_protected": true, "event": "push", "event_raw": "push",
            "workflow": ".github/workflows/ci.yml", "workflow_ref": workflow, "runner": "hosted",
            "actor": "octavia", "run_id": run.to_string(),
            "run_url": format!("https://github.com/{name}/actions/runs/{run}"),
            "sha": "3b1f0c7d9e8a46525f4e3d2c1b0a99887766554f",
        },
        "groups": [],
        "name": name,
        "policy": login("policy", 1),
        "rules": [
            {"rule": "own-namespace", "said": "matched"}, {"rule": "everyone-pulls", "said": "matched"},
            {"rule": "push-group", "said": "other_caller"}, {"rule": "mirror", "said": "other_caller"},
            {"rule": "base-images", "said": "unmet_fact"},
        ],
        "access": [{"type": "repository", "name": namespace(id), "actions": ["pull", "push"]}],
        "expires_at": at + SignedDuration::from_mins(15),
        "lifetime_seconds": 900,
        "address": "192.0.2.17",
        "request_id": event_id(at),
        "user_agent": "docker/28.2.2 go/go1.24 git-commit/45873be kernel/6.8 os/linux arch/amd64 \
                       UpstreamClient(Docker-Client/28.2.2 \\(linux\\))",
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SIZES: Sizes = Sizes {
        events: 1000,
        identities: 10,
        sessions: 100,
    };

    fn rows() -> Rows {
        let now = "2026-11-23T04:00:00Z".parse().unwrap();
        Rows::new(&SIZES, now).unwrap()
    }

    #[test]
    fn rows_are_as_long_as_those_of_real_requests() {
        let rows = rows();
        for length in [rows.session(7).claims.len(), rows.event(7).body.len()] {
            assert!((900..2500).contains(&length), "{length} bytes");
        }
        let hash = rows.refresh_token(&rows.session(7).login).hash;
        assert_eq!(hash.len(), 52);
    }

    #[test]
    fn every_row_is_of_an_identity_that_there_is() {
        let rows = rows();
        let ids: HashSet<_> = (1..=SIZES.identities)
            .map(|number| rows.identity(number).identity)
            .collect();
        for number in 1..=SIZES.sessions {
            assert!(ids.contains(&rows.session(number).identity));
            assert!(ids.contains(&rows.event(number).identity.unwrap()));
        }
    }

    #[test]
    fn events_are_in_the_order_of_their_ids_and_sessions_are_different() {
        let rows = rows();
        let events: Vec<_> = (1..=SIZES.events)
            .map(|number| rows.event(number))
            .collect();
        assert!(events.is_sorted_by(|a, b| a.id < b.id && a.at_ms <= b.at_ms));
        let logins: HashSet<_> = (1..=SIZES.sessions)
            .map(|number| rows.session(number).login)
            .collect();
        assert_eq!(logins.len() as u64, SIZES.sessions);
    }
}
