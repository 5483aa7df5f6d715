//! Why a request was refused, in words that the caller may read.

use std::fmt::{self, Write as _};

use scope::Scope;

use crate::{
    identity::{Fact, FactValue, Proof},
    short_id::ShortId,
};

/// The longest fact that is echoed, in bytes.
const LONGEST_ECHO: usize = 256;

/// The facts that a caller is always told, where there are any.
const TOLD: [Fact; 3] = [Fact::Ref, Fact::Event, Fact::Environment];

/// The reason of a refusal. Its `Display` is the message for the caller: what
/// was asked, the caller's own facts and which of them was unmet; never what a
/// rule wants, nor a rule's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    reason: Reason,
    message: String,
}

/// Why nothing, or too little, was granted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reason {
    /// A deny covers it.
    Denied,
    /// What was asked for is not a repository's name.
    InvalidName,
    /// The caller presented nothing, and that does not suffice.
    LoginRequired,
    /// No rule gives this to such callers, whatever their facts.
    NoRule,
    /// The rule that came closest has an expression that is not true.
    UnmetCel,
    /// The rule that came closest wants this fact to be otherwise.
    UnmetFact(Fact),
    /// The rule that came closest has a template that this fact cannot fill.
    UnusableFact(Fact),
}

impl Refusal {
    /// Puts a reason into words.
    pub(super) fn new(reason: Reason, scope: Option<&Scope>, proof: &Proof, id: ShortId) -> Self {
        let message = message(reason, scope, proof, id).expect("writing to a string cannot fail");
        Self {
            reason,
            message: defused(&message),
        }
    }

    /// The reason as a stable word, for events and metrics.
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::Denied => "denied",
            Reason::InvalidName => "invalid_name",
            Reason::LoginRequired => "login_required",
            Reason::NoRule => "no_rule",
            Reason::UnmetCel => "unmet_cel",
            Reason::UnmetFact(_) => "unmet_fact",
            Reason::UnusableFact(_) => "unusable_fact",
        }
    }

    /// The fact that was not as some rule wants it.
    pub fn unmet(&self) -> Option<Fact> {
        match self.reason {
            Reason::UnmetFact(fact) | Reason::UnusableFact(fact) => Some(fact),
            Reason::Denied
            | Reason::InvalidName
            | Reason::LoginRequired
            | Reason::NoRule
            | Reason::UnmetCel => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn message(
    reason: Reason,
    scope: Option<&Scope>,
    proof: &Proof,
    id: ShortId,
) -> Result<String, fmt::Error> {
    let mut text = String::with_capacity(256);
    match scope {
        Some(scope) => push_asked(&mut text, scope)?,
        None => text.push_str("login"),
    }
    text.push_str(" refused");
    if !proof.is_anonymous() {
        write!(text, " for {}", echo(proof.name()))?;
        push_facts(&mut text, reason, proof)?;
    }
    text.push_str(": ");
    match reason {
        Reason::Denied => text.push_str("it is denied to this caller"),
        Reason::InvalidName => text.push_str("this is not a valid repository name"),
        Reason::LoginRequired => text.push_str(
            "no credential was presented; log in with the JWT of your platform as the password",
        ),
        Reason::NoRule => text.push_str("no rule gives this to the caller"),
        Reason::UnmetCel => text.push_str("no rule allows this run"),
        Reason::UnmetFact(fact) if proof.facts().get(fact).is_some() => {
            write!(text, "no rule allows this {}", fact.name())?;
        }
        Reason::UnmetFact(fact) => write!(text, "no rule allows this without {}", fact.name())?,
        Reason::UnusableFact(fact) if proof.facts().get(fact).is_some() => {
            write!(text, "{} cannot stand in a repository name", fact.name())?;
        }
        Reason::UnusableFact(fact) => write!(text, "the caller has no {}", fact.name())?,
    }
    write!(text, "; decision {id}")?;
    Ok(text)
}

/// What was asked of the first resource that was not given.
fn push_asked(text: &mut String, scope: &Scope) -> fmt::Result {
    let name = echo(&scope.name);
    if scope.kind == "registry" {
        return write!(text, "reading the catalog");
    }
    if scope.actions.contains("push") {
        write!(text, "push to {name}")
    } else if scope.actions.contains("delete") || scope.actions.contains("*") {
        write!(text, "delete in {name}")
    } else {
        write!(text, "pull from {name}")
    }
}

/// The caller's own facts, in parentheses.
fn push_facts(text: &mut String, reason: Reason, proof: &Proof) -> fmt::Result {
    let unmet = match reason {
        Reason::UnmetFact(fact) | Reason::UnusableFact(fact) => Some(fact),
        Reason::Denied
        | Reason::InvalidName
        | Reason::LoginRequired
        | Reason::NoRule
        | Reason::UnmetCel => None,
    };
    let mut before = " (";
    for fact in TOLD
        .into_iter()
        .chain(unmet.filter(|fact| !TOLD.contains(fact)))
    {
        let value = match proof.facts().get(fact) {
            Some(FactValue::Flag(flag)) => flag.to_string(),
            Some(FactValue::List(list)) => echo(&list.join(" ")),
            Some(FactValue::Text(text)) => echo(text),
            None => continue,
        };
        write!(text, "{before}{} {value}", fact.name())?;
        before = ", ";
    }
    if before == ", " {
        text.push(')');
    }
    Ok(())
}

/// A caller's own text: printable ASCII, at most [`LONGEST_ECHO`] bytes.
fn echo(text: &str) -> String {
    let printable = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    text.chars()
        .take(LONGEST_ECHO)
        .map(|letter| if printable(letter) { letter } else { '?' })
        .collect()
}

/// The message without what a CI runner takes for a command of its own:
/// `::set-env` and `##[…]` (GitHub).
fn defused(message: &str) -> String {
    message.replace("::", ":.").replace("##[", "##.")
}
