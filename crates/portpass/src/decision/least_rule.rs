//! The least rule that would have served somebody whom no rule gave anything.
//!
//! What it gives is what was asked and no more, to this identity alone, by ids
//! that nobody else ever has; and of a code host's runs only those that the
//! same event sets off in the same environment, or of the same ref.

use std::{collections::BTreeSet, fmt::Write as _};

use scope::{Scopes, is_repository_name};
use toml::Value;

use super::resource::Resource;
use crate::{
    identity::{Fact, FactValue, Facts},
    short_id::ShortId,
};

/// What sets runs off in which strangers have a say, if only by a comment.
const STRANGERS: [&str; 4] = [
    "other",
    "pull_request",
    "pull_request_target",
    "workflow_run",
];

/// The longest beginning of a rule's name: a table's has 64 bytes at most.
const LONGEST_NAME: usize = 48;

/// Somebody who was proven and refused, as the inbox has it.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The issuer's name.
    pub issuer: &'a str,
    /// The immutable id under that issuer.
    pub id: &'a str,
    /// Whether the issuer's identities are repositories, where anybody may
    /// propose code.
    pub is_code_host: bool,
    /// The facts of the login that asked.
    pub facts: &'a Facts,
    /// What was asked.
    pub asked: &'a Scopes,
    /// The registry's name, if there are several.
    pub registry: Option<&'a str>,
}

/// Why no rule is written for somebody.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoLeastRule {
    /// The run is of code that is not the repository's own.
    #[error(
        "the run is of a fork's code, which anybody can write; let a run of the repository's own push"
    )]
    Fork,
    /// What was asked for is not a repository's name.
    #[error("`{0}` is not a repository name")]
    Name(String),
    /// Nothing was asked that a rule could give.
    #[error("nothing was asked for that a rule could give")]
    Nothing,
    /// The facts do not narrow the runs.
    #[error(
        "the platform says neither environment nor ref of the run in a form that a rule could \
         hold to, and a push must be held to one of them"
    )]
    Run,
    /// Strangers could set such a run off.
    #[error(
        "the run was set off by `{0}`, in which people who may not push code can have a say; \
         push in another run, or write the rule by hand"
    )]
    Strangers(String),
    /// The facts do not say what set the run off.
    #[error("the platform does not say what set the run off, and a push must be held to that")]
    Unsaid,
}

/// The rule, as text for the configuration.
///
/// # Errors
///
/// When nothing was asked that could be given, and when a push or delete by a
/// code host cannot be held to runs in which no stranger has a say.
pub fn least_rule(asker: &Asker<'_>) -> Result<String, NoLeastRule> {
    let wanted = Wanted::of(asker.asked)?;
    let mut conditions = Vec::new();
    let is_pinned = push_identity(asker, &mut conditions);
    if asker.is_code_host && wanted.writes() {
        push_run(asker.facts, &mut conditions)?;
    }
    let body = body(asker.registry, &wanted, &conditions);
    let name = name(asker, &body);
    let mut text = String::with_capacity(512);
    if is_pinned {
        push_line(&mut text, &format!("[rule.{name}]"));
        push_line(&mut text, &format!("from = [{}]", quoted(asker.issuer)));
    } else {
        push_line(
            &mut text,
            "# No fact is bound to this identity's id, so the rule is for a group of one.",
        );
        push_line(&mut text, &format!("[group.{name}]"));
        let (issuer, id) = (quoted(asker.issuer), quoted(asker.id));
        push_line(
            &mut text,
            &format!("members = [{{ issuer = {issuer}, id = {id} }}]\n"),
        );
        push_line(&mut text, &format!("[rule.{name}]"));
        push_line(&mut text, &format!("group = {}", quoted(&name)));
    }
    text.push_str(&body);
    Ok(text)
}

/// What was asked, as lists of a rule.
#[derive(Debug, Default)]
struct Wanted<'a> {
    pull: BTreeSet<&'a str>,
    push: BTreeSet<&'a str>,
    delete: BTreeSet<&'a str>,
    catalog: bool,
}

impl<'a> Wanted<'a> {
    fn of(asked: &'a Scopes) -> Result<Self, NoLeastRule> {
        let mut wanted = Self::default();
        for resource in asked.iter().filter_map(Resource::of) {
            match resource {
                Resource::Catalog => wanted.catalog = true,
                Resource::Repository(name, _) if !is_repository_name(name) => {
                    return Err(NoLeastRule::Name(name.to_owned()));
                }
                Resource::Repository(name, actions) => {
                    if actions.push {
                        wanted.push.insert(name);
                    }
                    if actions.delete {
                        wanted.delete.insert(name);
                    }
                    // Push implies pull.
                    if actions.pull && !actions.push {
                        wanted.pull.insert(name);
                    }
                }
            }
        }
        let is_something = wanted.catalog || wanted.writes() || !wanted.pull.is_empty();
        is_something.then_some(wanted).ok_or(NoLeastRule::Nothing)
    }

    fn writes(&self) -> bool {
        !self.push.is_empty() || !self.delete.is_empty()
    }
}

/// Facts and what they must be, in the order of the text.
type Conditions<'a> = Vec<(Fact, &'a str)>;

/// Pins the identity by facts that are bound to its id; `false` if there are none.
///
/// What kind `oidc` says of people, a name too, is not: another identity may
/// come to have it.
fn push_identity<'a>(asker: &Asker<'a>, conditions: &mut Conditions<'a>) -> bool {
    let text = |fact| asker.facts.text(fact);
    if let Some(id) = text(Fact::RepositoryId).filter(|id| asker.is_code_host && *id == asker.id) {
        conditions.push((Fact::RepositoryId, id));
        conditions.extend(text(Fact::OwnerId).map(|id| (Fact::OwnerId, id)));
        return true;
    }
    let account = text(Fact::Namespace).zip(text(Fact::ServiceAccount));
    let is_id = |(namespace, account): &(&str, &str)| {
        asker.id == format!("{namespace}/{account}") && !asker.id.contains('*')
    };
    let Some((namespace, account)) = account.filter(is_id) else {
        return false;
    };
    conditions.push((Fact::Namespace, namespace));
    conditions.push((Fact::ServiceAccount, account));
    true
}

/// Holds the rule to runs like this one.
fn push_run<'a>(facts: &'a Facts, conditions: &mut Conditions<'a>) -> Result<(), NoLeastRule> {
    let event = facts.text(Fact::Event).ok_or(NoLeastRule::Unsaid)?;
    if STRANGERS.contains(&event) {
        return Err(NoLeastRule::Strangers(event.to_owned()));
    }
    if facts.get(Fact::Fork) == Some(&FactValue::Flag(true)) {
        return Err(NoLeastRule::Fork);
    }
    // Conditions on both are globs, in which a star could not be escaped.
    let exact = |fact| Some((fact, facts.text(fact).filter(|text| !text.contains('*'))?));
    let narrow = exact(Fact::Environment).or_else(|| exact(Fact::Ref));
    conditions.push((Fact::Event, event));
    conditions.push(narrow.ok_or(NoLeastRule::Run)?);
    Ok(())
}

/// The rule without its name and whom it is for.
fn body(registry: Option<&str>, wanted: &Wanted<'_>, conditions: &[(Fact, &str)]) -> String {
    let mut text = String::new();
    if let Some(registry) = registry {
        push_line(&mut text, &format!("registries = [{}]", quoted(registry)));
    }
    if !conditions.is_empty() {
        let conditions: Vec<_> = conditions
            .iter()
            .map(|(fact, value)| format!("{} = {}", fact.name(), quoted(value)))
            .collect();
        push_line(
            &mut text,
            &format!("when = {{ {} }}", conditions.join(", ")),
        );
    }
    let lists = [
        ("pull", &wanted.pull),
        ("push", &wanted.push),
        ("delete", &wanted.delete),
    ];
    for (key, names) in lists {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
            push_line(&mut text, &format!("{key} = [{}]", names.join(", ")));
        }
    }
    if wanted.catalog {
        push_line(&mut text, "catalog = true");
    }
    text
}

/// A name that two rules for one identity do not share, unless they are one.
fn name(asker: &Asker<'_>, body: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let readable = format!("{}-{}", asker.issuer, asker.id);
    let readable: String = readable
        .chars()
        .take(LONGEST_NAME)
        .map(|letter| if fits(letter) { letter } else { '-' })
        .collect();
    let parts = [asker.issuer, asker.id, body].map(str::as_bytes);
    let digest = ShortId::of_parts(parts).to_string();
    let tail: String = digest.chars().take(6).collect();
    format!("{readable}-{tail}")
}

fn push_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
