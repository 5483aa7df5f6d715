//! `portpass events`: lists, filters and follows what happened.

use std::{collections::HashMap, process::ExitCode, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use serde_json::Value;

use super::{
    block_on,
    identity::{NobodyNamed, Who},
    printer::Printer,
    reach::{Operator, Reach},
};
use crate::{
    admin::{EventQuery, MAX_EVENTS},
    audit::Event,
    clock::Clock,
};

/// The kinds of events, as the reference has them.
const KINDS: [&str; 6] = [
    "anonymous",
    "failure",
    "operator",
    "refusal",
    "stranger",
    "token",
];

/// How far back a follower looks again.
const LOOK_BACK: SignedDuration = SignedDuration::from_secs(5);

/// How often a follower asks for what is new.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Which events to show.
#[derive(Args, Debug)]
pub(super) struct Events {
    /// Only this decision: the id that the caller was told.
    #[arg(long)]
    decision: Option<String>,
    /// Go on showing events as they happen.
    #[arg(short, long)]
    follow: bool,
    /// Only this identity: the issuer's name and the immutable id, as in
    /// `github:74`; or the id alone, of `--issuer` or of any.
    #[arg(long, value_name = "ISSUER:ID")]
    identity: Option<String>,
    /// Only this issuer.
    #[arg(long)]
    issuer: Option<String>,
    /// Only this kind.
    #[arg(long, value_parser = KINDS)]
    kind: Option<String>,
    /// At most so many: the newest.
    #[arg(short = 'n', long, default_value_t = 100)]
    limit: u32,
    /// Only this login: all uses of one JWT.
    #[arg(long)]
    login: Option<String>,
    /// Only this registry.
    #[arg(long)]
    registry: Option<String>,
    /// Only since then: a time (2026-11-23T04:00:00Z), or how long ago (2h).
    #[arg(long)]
    since: Option<String>,
}

impl Events {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        block_on(async {
            let source = reach.operator().await?;
            let shown = if self.follow && !source.client().is_of_server() {
                Err(anyhow::anyhow!(
                    "no server is running, so there is nothing to follow"
                ))
            } else {
                self.show(&source, printer).await
            };
            source.close().await;
            shown.map(|()| ExitCode::SUCCESS)
        })
    }

    async fn show(self, source: &Operator, printer: Printer) -> anyhow::Result<()> {
        let (issuer, identity) = about(self.issuer, self.identity)?;
        let query = EventQuery {
            after: None,
            decision: self.decision,
            identity,
            issuer,
            kind: self.kind,
            limit: Some(self.limit),
            login: self.login,
            registry: self.registry,
            since: self.since.as_deref().map(read_since).transpose()?,
        };
        let events = source.ask(&query).await?;
        print(&events, true, printer)?;
        if self.follow {
            follow(source, query, events, printer).await?;
        }
        Ok(())
    }
}

/// Shows what is new until somebody stops us.
///
/// Events are committed a little out of order, and their counts go up: each
/// look goes back a little, and shows what was not shown as it is now.
async fn follow(
    source: &Operator,
    mut query: EventQuery,
    mut events: Vec<Event>,
    printer: Printer,
) -> anyhow::Result<()> {
    let mut shown = HashMap::new();
    let mut newest = Clock::System.now();
    query.limit = Some(MAX_EVENTS);
    loop {
        newest = events
            .iter()
            .map(|event| event.last)
            .fold(newest, Timestamp::max);
        let from = newest - LOOK_BACK;
        shown.extend(
            events
                .into_iter()
                .map(|event| (event.id, (event.last, event.count))),
        );
        shown.retain(|_, (last, _)| *last >= from);
        tokio::time::sleep(FOLLOW_EVERY).await;
        query.since = Some(from);
        events = source.ask(&query).await?;
        events.retain(|event| {
            shown
                .get(&event.id)
                .is_none_or(|(_, count)| *count != event.count)
        });
        print(&events, false, printer)?;
    }
}

/// Issuer and id. An id may have colons of its own: beside an issuer it is taken as it is.
fn about(
    issuer: Option<String>,
    identity: Option<String>,
) -> Result<(Option<String>, Option<String>), NobodyNamed> {
    match (issuer, identity) {
        (None, Some(identity)) if identity.contains(':') => {
            let Who { issuer, id } = identity.parse()?;
            Ok((Some(issuer), Some(id)))
        }
        (issuer, identity) => Ok((issuer, identity)),
    }
}

/// A time, or a span before now.
fn read_since(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let span: jiff::Span = text
        .parse()
        .map_err(|_neither| anyhow::anyhow!("`{text}` is neither a time nor a span such as 2h"))?;
    let now = Clock::System.now();
    Ok(Zoned::new(now, TimeZone::UTC)
        .checked_sub(span)?
        .timestamp())
}

fn print(events: &[Event], with_header: bool, printer: Printer) -> anyhow::Result<()> {
    if printer.is_json() {
        return events.iter().try_for_each(Printer::json);
    }
    let header = ["TIME", "KIND", "COUNT", "WHO", "WHAT", "DECISION"];
    let rows: Vec<_> = events.iter().map(row).collect();
    printer.table(with_header.then_some(header), rows)
}

fn row(event: &Event) -> [String; 6] {
    let text = |key: &str| event.body.get(key).and_then(Value::as_str);
    let who = match (&event.issuer, &event.identity) {
        _ if event.kind == "operator" => text("actor").unwrap_or("-").to_owned(),
        (Some(issuer), Some(id)) => match text("name") {
            Some(name) if name != id => format!("{issuer}:{id} ({name})"),
            Some(_) | None => format!("{issuer}:{id}"),
        },
        (Some(issuer), None) => issuer.clone(),
        _ => text("network")
            .or(text("address"))
            .unwrap_or("-")
            .to_owned(),
    };
    let granted = || {
        let entries = event.body.get("access")?.as_array()?.iter();
        let scopes = entries.map(|entry| {
            let actions = entry.get("actions").and_then(Value::as_array);
            let actions = actions.into_iter().flatten().filter_map(Value::as_str);
            let name = entry
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("{name}:{}", actions.collect::<Vec<_>>().join(","))
        });
        let scopes = scopes.collect::<Vec<_>>().join(" ");
        Some(if scopes.is_empty() {
            "login".to_owned()
        } else {
            scopes
        })
    };
    let repositories = || {
        let names = event.body.get("repositories")?.as_array()?.iter();
        Some(
            names
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    let what = match (event.reason.as_deref(), text("asked")) {
        (Some(reason), Some(asked)) if !asked.is_empty() => format!("{reason}: {asked}"),
        (Some(reason), _) => reason.to_owned(),
        (None, _) => granted()
            .or_else(repositories)
            .or_else(|| done(event))
            .unwrap_or_default(),
    };
    [
        event.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        event.kind.clone(),
        event.count.to_string(),
        who,
        what,
        event.decision.clone().unwrap_or_default(),
    ]
}

/// What an operator did, and to whom.
fn done(event: &Event) -> Option<String> {
    let mut words = vec![event.body.get("action")?.as_str()?.to_owned()];
    match (&event.issuer, &event.identity) {
        (Some(issuer), Some(id)) => words.push(format!("{issuer}:{id}")),
        (Some(issuer), None) => words.push(issuer.clone()),
        (None, _) => {}
    }
    let detail = event.body.get("detail").and_then(Value::as_object);
    for key in [
        "command",
        "registry",
        "name",
        "group",
        "namespace",
        "kind",
        "value",
        "kid",
        "key",
    ] {
        let word = detail.and_then(|detail| detail.get(key)?.as_str());
        words.extend(word.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    for key in ["from", "to"] {
        let side = detail.and_then(|detail| side(detail.get(key)?));
        words.extend(side.map(|side| format!("{key} {side}")));
    }
    let with_keys = detail.and_then(|detail| detail.get("keys")?.as_bool());
    words.extend((with_keys == Some(true)).then(|| "with keys".to_owned()));
    Some(words.join(" "))
}

/// What something was before or is now: an identity, or what an issuer's name stands for.
fn side(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let kind = value.get("kind")?.as_str()?;
    let iss = value.get("iss")?.as_array()?.iter();
    let iss: Vec<&str> = iss.filter_map(Value::as_str).collect();
    Some(format!("{kind} {}", iss.join(", ")).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, about: (&str, &str), body: Value) -> Event {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Event {
            id: "1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            count: 1,
            kind: kind.to_owned(),
            reason: None,
            decision: None,
            login: None,
            registry: None,
            issuer: text(about.0),
            identity: text(about.1),
            body,
        }
    }

    #[test]
    fn what_an_operator_did_is_told_with_whom_it_is_about() {
        let told = |about, action: &str, detail: Value| {
            let body = json!({ "action": action, "actor": "uid 0", "detail": detail });
            let [_, kind, _, who, what, _] = row(&event("operator", about, body));
            assert_eq!((kind.as_str(), who.as_str()), ("operator", "uid 0"));
            what
        };
        let group = json!({ "group": "acl_docker_push" });
        assert_eq!(
            told(("github", "74"), "groups add", group),
            "groups add github:74 acl_docker_push"
        );
        let owner = json!({ "registry": "prod", "namespace": "apps/web", "from": "github:74" });
        assert_eq!(
            told(("github", "75"), "namespaces transfer", owner),
            "namespaces transfer github:75 prod apps/web from github:74"
        );
        let of = |kind: &str, iss: &str| json!({ "kind": kind, "iss": [iss], "source": "file" });
        let bound = json!({ "from": of("gitlab", "https://a"), "to": of("oidc", "https://b") });
        assert_eq!(
            told(("gitlab", ""), "issuers rebind", bound),
            "issuers rebind gitlab from gitlab https://a to oidc https://b"
        );
        let none = ("", "");
        assert_eq!(told(none, "backup", json!({ "keys": false })), "backup");
        assert_eq!(
            told(none, "backup", json!({ "keys": true })),
            "backup with keys"
        );
    }

    #[test]
    fn an_identity_is_named_with_its_issuer_or_beside_it() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            about(None, text("github:74")).unwrap(),
            (text("github"), text("74"))
        );
        assert_eq!(
            about(text("idp"), text("https://id.example.com/a")).unwrap(),
            (text("idp"), text("https://id.example.com/a"))
        );
        assert_eq!(about(text("idp"), None).unwrap(), (text("idp"), None));
        assert_eq!(about(None, None).unwrap(), (None, None));
        assert_eq!(about(None, text("74")).unwrap(), (None, text("74")));
        about(None, text("github:")).unwrap_err();
    }

    #[test]
    fn a_name_that_is_the_id_is_said_once() {
        let who = |name: &str| {
            let body = json!({ "name": name, "access": [] });
            let [_, _, _, who, _, _] = row(&event("token", ("github", "74"), body));
            who
        };
        assert_eq!(who("acme/web"), "github:74 (acme/web)");
        assert_eq!(who("74"), "github:74");
    }
}
