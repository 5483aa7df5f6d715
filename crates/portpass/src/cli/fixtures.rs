//! `portpass fixtures`: what tests can be run on.

use std::process::ExitCode;

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
    /// Whom it proves, or why nobody.
    proves: Result<Proves, String>,
    claims: Value,
}

/// Whom a fixture proves.
#[derive(Debug)]
struct Proves {
    identity: String,
    called: String,
    facts: Facts,
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
            let read = issuer.shown(claims.clone());
            let proves = read.map(|(identity, called, facts)| Proves {
                identity,
                called,
                facts,
            });
            shown.push(Shown {
                kind,
                name,
                proves: proves.map_err(|fault| fault.to_string()),
                claims: claims.into(),
            });
        }
    }
    Ok(shown)
}

/// Its id and facts, each with its value.
fn rows(fixture: &Shown) -> Vec<[String; 2]> {
    let proves = match &fixture.proves {
        Ok(proves) => proves,
        Err(why) => return vec![["  proves nobody".to_owned(), why.clone()]],
    };
    let id = ["  id".to_owned(), proves.identity.clone()];
    let facts = proves.facts.iter().map(|(fact, value)| {
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
    let proves = fixture.proves.as_ref().ok();
    json!({
        "kind": fixture.kind.name(),
        "fixture": fixture.name,
        "about": fixtures::about(fixture.name),
        "id": proves.map(|proves| &proves.identity),
        "name": proves.map(|proves| &proves.called),
        "facts": proves.map(|proves| &proves.facts),
        "proves_nobody": fixture.proves.as_ref().err(),
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
        let nobody: Vec<_> = all
            .iter()
            .filter(|fixture| fixture.proves.is_err())
            .collect();
        let nobody = nobody
            .iter()
            .map(|fixture| format!("{} {}", fixture.kind, fixture.name));
        insta::assert_debug_snapshot!(nobody.collect::<Vec<_>>(), @r#"
        [
            "buildkite without-ids",
            "circleci ssh-rerun",
            "entra person",
            "google person",
            "harness connector-validation",
            "semaphore debug",
        ]
        "#);
        let github = shown(Some(Kind::GithubActions), now).unwrap();
        let main = github.iter().find(|fixture| fixture.name == "push-main");
        let main = main.unwrap();
        let proves = main.proves.as_ref().unwrap();
        assert_eq!((&*proves.identity, &*proves.called), ("74", "acme/web"));
        assert_eq!(proves.facts.get(Fact::Issuer), None);
        let rows = rows(main);
        assert!(rows.contains(&["  ref_protected".to_owned(), "true".to_owned()]));
        let json = json_of(main);
        assert_eq!(json["facts"]["repository_id"], "74");
        assert_eq!(json["claims"]["iat"], now.as_second());
    }
}
