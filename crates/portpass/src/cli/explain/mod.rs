//! `portpass explain`: what the rules say of somebody, rule by rule.

mod shown;

use std::{
    io::{self, IsTerminal as _, Read as _},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{block_on, dev::claim, printer::Printer, reach::Reach};
use crate::{
    admin::{Basis, Explain, Story},
    clock::Clock,
    config::{Config, Sources},
    snapshot::Snapshot,
    trial::{FixtureOrder, Trial},
};

/// The longest standard input that is read, in bytes: twice a JWT's.
const MAX_INPUT: u64 = 32 * 1024;

/// What to explain: a JWT on the standard input, a fixture, or a past decision.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// The id of a past decision, as the caller was told it; else a JWT is read
    /// from the standard input.
    #[arg(long, value_name = "ID")]
    decision: Option<String>,
    /// A fixture of `--issuer`, instead of a JWT; else its platform's usual one.
    /// `portpass fixtures` lists them.
    #[arg(long, value_name = "NAME", requires = "issuer")]
    fixture: Option<String>,
    /// An operators' group, as if the caller were in it, too; may be repeated.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Explain a fixture of this issuer, by the configuration file.
    #[arg(long, value_name = "NAME", conflicts_with = "decision")]
    issuer: Option<String>,
    /// Explain a JWT by the configuration file, even where a server runs:
    /// nobody is asked, so its signature is not checked.
    #[arg(long, conflicts_with = "decision")]
    offline: bool,
    /// The registry's name; needed where there are several.
    #[arg(long, value_name = "NAME")]
    registry: Option<String>,
    /// What is asked for, as in `repository:apps/web:pull,push`; may be
    /// repeated. Else what the decision was about, or nothing, as a login does.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A claim of the fixture, and what it is set to; may be repeated.
    #[arg(long, value_name = "CLAIM=VALUE", value_parser = claim, requires = "issuer")]
    set: Vec<(String, String)>,
}

impl ExplainArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let fixture = self.order();
        let jwt = match (&self.decision, &fixture) {
            (None, None) => Some(read_jwt()?),
            (Some(_), _) | (None, Some(_)) => None,
        };
        let question = Explain {
            decision: self.decision,
            groups: self.groups,
            jwt,
            registry: self.registry,
            scopes: self.scopes,
        };
        let story = if let Some(order) = fixture {
            by_fixture(question, &order, &reach.local()?)?
        } else if self.offline {
            by_file(&question, Basis::Read, &reach.local()?)?
        } else if question.decision.is_some() {
            reach.ask(&question)?
        } else {
            ask(&question, reach)?
        };
        if printer.is_json() {
            Printer::json(&story)?;
        } else {
            Printer::text(&shown::page(&story))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The fixture that was named.
    fn order(&self) -> Option<FixtureOrder> {
        let set = self.set.iter();
        let set = set.map(|(claim, value)| (claim.clone(), value.as_str().into()));
        Some(FixtureOrder {
            issuer: self.issuer.clone()?,
            fixture: self.fixture.clone(),
            set: set.collect(),
            ..FixtureOrder::default()
        })
    }
}

/// The server's answer, or the file's where none runs.
fn ask(question: &Explain, reach: &Reach) -> anyhow::Result<Story> {
    let server = block_on(async {
        Ok(match reach.server().await? {
            Ok(client) => Ok(client.ask(question).await?),
            Err(config) => Err(config),
        })
    })?;
    match server {
        Ok(story) => Ok(story),
        Err(config) => by_file(question, Basis::Read, &config),
    }
}

fn by_fixture(question: Explain, order: &FixtureOrder, config: &Config) -> anyhow::Result<Story> {
    let trial = Trial::of(config, Clock::System.now())?;
    let jwt = trial.jwt(order).map_err(anyhow::Error::msg)?;
    let question = Explain {
        jwt: Some(jwt.as_ref().to_owned()),
        ..question
    };
    by_file(&question, Basis::Fixture, config)
}

fn by_file(question: &Explain, basis: Basis, config: &Config) -> anyhow::Result<Story> {
    let now = Clock::System.now();
    let snapshot = Snapshot::of(config, None, now)?;
    let mut story = question.by_file(basis, &snapshot, now)?;
    locate(&mut story, &config.sources);
    Ok(story)
}

/// Says where each rule stands.
fn locate(story: &mut Story, sources: &Sources) {
    for rule in &mut story.explanation.rules {
        rule.place = Some(sources.describe(rule.at));
    }
}

fn read_jwt() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        bail!(
            "give a JWT on the standard input (`portpass explain < jwt`), or name a fixture with \
             --issuer and --fixture, or a past decision with --decision"
        );
    }
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(MAX_INPUT)
        .read_to_string(&mut text)
        .context("reading a JWT from the standard input")?;
    Ok(text.trim().to_owned())
}
