//! What loads and is probably not meant, or not safe: findings, for a review.
//!
//! One file for each lint, with its text and its two examples, of which a test
//! holds the bad one to be found and the good one not to be. Another lint is
//! another file and a line in [`ALL`]; `docs/reference/lints.md` is made from
//! them. What cannot mean anything is no finding but a fault, found where the
//! file is read or compiled. A lint keeps silent where it cannot tell.

mod allowed;
mod any_run;
mod any_workflow_ref;
mod deny_of_missing_fact;
mod events_by_exclusion;
mod fork_pipeline_pushes;
mod hostile_name_untested;
mod jwt_again;
mod long_session;
mod mutable_workflow_ref;
mod name_without_id;
mod needless_key;
mod never_matches;
mod open_push;
mod path_pin;
mod raw_sub;
mod reference;
mod reusable_workflow_alone;
mod root_template;
mod self_hosted_runner;
mod shadowed_by_deny;
mod shared_audience;
mod stranger_triggers_push;
mod subject;
#[cfg(test)]
mod tests;
mod untested_rule;
mod unused_table;
mod weak_platform;

use std::fmt;

use serde::Serialize;

pub use self::reference::reference;
use self::subject::{Findings, Subject};
use crate::{
    config::{Config, Place},
    decision::Policy,
    trial::TestResult,
};

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something to know.
    Note,
    /// Something that somebody should look at.
    Warning,
    /// Something that is surely dangerous.
    Error,
}

impl Level {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that is looked for.
#[derive(Debug)]
pub struct Lint {
    /// What it is known by, once and for ever: `PP005`.
    pub code: &'static str,
    /// The same in words: `stranger-triggers-push`.
    pub name: &'static str,
    /// How bad a finding is.
    pub level: Level,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The way out.
    pub mend: &'static str,
    /// An addition to the base of the reference page in which it finds something.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    find: fn(&Subject<'_>, &mut Findings),
}

/// Something found, and where.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked for.
    pub lint: &'static Lint,
    /// The piece of the file that it is about.
    pub at: Place,
    /// The table that it is about, `rule.NAME`, if it is about one.
    pub table: Option<String>,
    /// What was found, in one sentence that fits after the lint's code.
    pub message: String,
}

/// Every lint, in the order of their codes, which are never given anew.
pub static ALL: &[&Lint] = &[
    &open_push::LINT,
    &name_without_id::LINT,
    &raw_sub::LINT,
    &any_run::LINT,
    &stranger_triggers_push::LINT,
    &reusable_workflow_alone::LINT,
    &root_template::LINT,
    &never_matches::LINT,
    &untested_rule::LINT,
    &long_session::LINT,
    &shared_audience::LINT,
    &shadowed_by_deny::LINT,
    &events_by_exclusion::LINT,
    &any_workflow_ref::LINT,
    &mutable_workflow_ref::LINT,
    &fork_pipeline_pushes::LINT,
    &self_hosted_runner::LINT,
    &path_pin::LINT,
    &unused_table::LINT,
    &jwt_again::LINT,
    &deny_of_missing_fact::LINT,
    &needless_key::LINT,
    &hostile_name_untested::LINT,
    &allowed::UNKNOWN,
    &allowed::NEEDLESS,
    &weak_platform::LINT,
];

/// Looks for everything in a configuration that loads, as the server has it,
/// with what came of its tests.
///
/// What `allow_lints` acknowledges is left out. The findings come in the order
/// of the files.
pub fn lint(config: &Config, policy: &Policy, tried: &[TestResult]) -> Vec<Finding> {
    let subject = Subject::of(config, policy, tried);
    let mut found = Findings::default();
    for lint in ALL {
        found.look_for(lint);
        (lint.find)(&subject, &mut found);
    }
    let mut findings = allowed::settle(&subject, &found.done());
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.at, finding.lint.code);
        key(one).cmp(&key(other))
    });
    findings
}
