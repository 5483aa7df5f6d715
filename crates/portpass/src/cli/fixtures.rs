//! `portpass fixtures`: what tests can be run on.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use fixtures::Kind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::printer::Printer;
use crate::{
    clock::Clock,
    identity::{FactValue, Facts, IssuerKind},
    trial,
};

/// Which fixtures to list.
#[derive(Args, Debug)]
pub(super) struct FixturesArgs {
    /// The platform: its fixtures are listed with their facts.
    kind: Option<Kind>,
}

/// One fixture, as its platform's JWTs are read.
#[derive(Debug)]
struct Shown {
    kind: Kind,
    name: &'static str,
    identity: String,
    called: String,
    facts: Facts,
    claims: Value,
}

impl FixturesArgs {
    /// Lists them.
    ///
    /// # Errors
    ///
    /// Nothing can be printed.
    pub(super) fn run(&self, printer: Printer) -> anyhow::Result<ExitCode> {
        let shown = shown(self.kind, Clock::System.now())?;
        if printer.is_json() {
            let listed: Vec<Value> = shown.iter().map(json_of).collect();
            Printer::json(&listed)?;
        } else if self.kind.is_some() {
            for fixture in shown {
                Printer::text(&format!(
                    "{}: {}\n",
                    fixture.name,
                    fixtures::about(fixture.name)
                ))?;
                printer.table(None, rows(&fixture))?;
                Printer::text("\n")?;
            }
        } else {
            let rows = shown.iter().map(|fixture| {
                let about = fixtures::about(fixture.name);
                [fixture.kind.name(), fixture.name, about].map(str::to_owned)
            });
            printer.table(Some(["KIND", "FIXTURE", "STANDS FOR"]), rows.collect())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The fixtures of a kind, or of all, as signed at `now`.
fn shown(only: Option<Kind>, now: Timestamp) -> anyhow::Result<Vec<Shown>> {
    let mut shown = Vec::new();
    for issuer in IssuerKind::all() {
        let kind = trial::fixtures_of(issuer)?;
        if only.is_some_and(|only| only != kind) {
            continue;
        }
        for name in kind.fixtures() {
            let claims = fixtures::claims(kind, name)?.at(now.as_second());
            let (identity, called, facts) = issuer
                .shown(claims.clone())
                .with_context(|| format!("reading the fixture {name} of {kind}"))?;
            shown.push(Shown {
                kind,
                name,
                identity,
                called,
                facts,
                claims: claims.into(),
            });
        }
    }
    Ok(shown)
}

/// Its id and facts, each with its value.
fn rows(fixture: &Shown) -> Vec<[String; 2]> {
    let id = ["  id".to_owned(), fixture.identity.clone()];
    let facts = fixture.facts.iter().map(|(fact, value)| {
        let value = match value {
            FactValue::Flag(flag) => flag.to_string(),
            FactValue::List(list) => list.join(", "),
            FactValue::Text(text) => text.clone(),
        };
        [format!("  {}", fact.name()), value]
    });
    std::iter::once(id).chain(facts).collect()
}

fn json_of(fixture: &Shown) -> Value {
    json!({
        "kind": fixture.kind.name(),
        "fixture": fixture.name,
        "about": fixtures::about(fixture.name),
        "id": fixture.identity,
        "name": fixture.called,
        "facts": fixture.facts,
        "claims": fixture.claims,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Fact;

    #[test]
    fn every_fixture_of_every_kind_is_read() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let all = shown(None, now).unwrap();
        let expected: usize = Kind::ALL.iter().map(|kind| kind.fixtures().count()).sum();
        assert_eq!(all.len(), expected);
        assert!(all.iter().all(|fixture| !fixture.identity.is_empty()));
        let github = shown(Some(Kind::GithubActions), now).unwrap();
        let main = github.iter().find(|fixture| fixture.name == "push-main");
        let main = main.unwrap();
        assert_eq!((&*main.identity, &*main.called), ("74", "acme/web"));
        assert_eq!(main.facts.get(Fact::Issuer), None);
        let rows = rows(main);
        assert!(rows.contains(&["  ref_protected".to_owned(), "true".to_owned()]));
        let json = json_of(main);
        assert_eq!(json["facts"]["repository_id"], "74");
        assert_eq!(json["claims"]["iat"], now.as_second());
    }
}
