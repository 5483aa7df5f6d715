//! `portpass events`: lists, filters and follows what happened.

use std::{collections::HashMap, process::ExitCode, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};

use self::row::row;
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

mod row;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
