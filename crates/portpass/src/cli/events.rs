//! `portpass events`: lists, filters and follows what happened.

use std::{collections::HashMap, path::Path, process::ExitCode, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use serde_json::Value;

use super::{block_on, offline, printer::Printer};
use crate::{
    admin::{Client, EventQuery, MAX_EVENTS},
    audit::Event,
    clock::Clock,
    config,
    store::Store,
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
    /// Only this identity: the immutable id under its issuer.
    #[arg(long)]
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

/// Where events are read: a running server, or its files while none runs.
enum Source {
    Files(Box<Store>),
    Server(Client),
}

impl Events {
    pub(super) fn run(self, config: &Path, printer: Printer) -> anyhow::Result<ExitCode> {
        block_on(async {
            let config = config::load(config)?;
            let source = match Client::connect(&config.admin_socket).await? {
                Some(client) => Source::Server(client),
                None if self.follow => {
                    anyhow::bail!("no server is running, so there is nothing to follow")
                }
                None => Source::Files(Box::new(offline::store(&config).await?)),
            };
            self.show(&source, printer).await?;
            Ok(ExitCode::SUCCESS)
        })
    }

    async fn show(self, source: &Source, printer: Printer) -> anyhow::Result<()> {
        let query = EventQuery {
            after: None,
            decision: self.decision,
            identity: self.identity,
            issuer: self.issuer,
            kind: self.kind,
            limit: Some(self.limit),
            login: self.login,
            registry: self.registry,
            since: self.since.as_deref().map(read_since).transpose()?,
        };
        let events = source.events(&query).await?;
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
    source: &Source,
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
        events = source.events(&query).await?;
        events.retain(|event| {
            shown
                .get(&event.id)
                .is_none_or(|(_, count)| *count != event.count)
        });
        print(&events, false, printer)?;
    }
}

impl Source {
    async fn events(&self, query: &EventQuery) -> anyhow::Result<Vec<Event>> {
        match self {
            Self::Files(store) => Ok(query.clone().run(store).await?),
            Self::Server(client) => Ok(client.events(query).await?),
        }
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
        (Some(issuer), Some(id)) => match text("name") {
            Some(name) => format!("{issuer}:{id} ({name})"),
            None => format!("{issuer}:{id}"),
        },
        (Some(issuer), None) => issuer.clone(),
        _ => text("actor")
            .or(text("network"))
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
    let done = || {
        let command = event
            .body
            .get("detail")
            .and_then(|detail| detail.get("command"));
        let command = command.and_then(Value::as_str).unwrap_or_default();
        Some(
            format!("{} {command}", text("action")?)
                .trim_end()
                .to_owned(),
        )
    };
    let what = match (event.reason.as_deref(), text("asked")) {
        (Some(reason), Some(asked)) if !asked.is_empty() => format!("{reason}: {asked}"),
        (Some(reason), _) => reason.to_owned(),
        (None, _) => granted()
            .or_else(repositories)
            .or_else(done)
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
