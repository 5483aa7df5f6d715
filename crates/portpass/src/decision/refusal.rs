//! Why a request was refused, in words that the caller may read.

use std::fmt::{self, Write as _};

use scope::{Scope, Scopes};

use super::{Caller, Stage, placeholder::OwnerId};
use crate::{
    identity::{Fact, FactType, FactValue, Facts},
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
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Reason {
    /// The rules give it, and the API token is not for it.
    Ceiling,
    /// A deny covers it.
    Denied,
    /// What was asked for is not a repository's name.
    InvalidName,
    /// The caller presented nothing, and that does not suffice.
    LoginRequired,
    /// No rule gives this to such callers, whatever their facts.
    NoRule,
    /// A rule gives it to whoever owns this name, and that is another id.
    Owned { name: String, id: OwnerId },
    /// The identity provider's token, which gives access here, does not give it.
    ProviderWithheld,
    /// A rule gives it, and the issuer's name stands for something else than before.
    Suspended,
    /// The rule that came closest has an expression that is not true.
    UnmetCel,
    /// The rule that came closest wants this fact to be otherwise.
    UnmetFact(Fact),
    /// The rule that came closest has a template that this fact cannot fill.
    UnusableFact(Fact),
}

impl Refusal {
    /// Puts a reason into words.
    pub(super) fn new(
        reason: Reason,
        scope: Option<&Scope>,
        caller: Caller<'_>,
        id: ShortId,
    ) -> Self {
        let message = message(&reason, scope, caller, id).expect("writing to a string cannot fail");
        Self {
            reason,
            message: defused(&message),
        }
    }

    /// The reason as a stable word, for events and metrics.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// Whether no rule gives it, or a deny takes it.
    pub fn stage(&self) -> Stage {
        self.reason.stage()
    }

    /// The fact that was not as some rule wants it.
    pub fn unmet(&self) -> Option<Fact> {
        self.reason.unmet()
    }
}

impl Reason {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Ceiling => "ceiling",
            Self::Denied => "denied",
            Self::InvalidName => "invalid_name",
            Self::LoginRequired => "login_required",
            Self::NoRule => "no_rule",
            Self::Owned { .. } => "owned",
            Self::ProviderWithheld => "provider_withheld",
            Self::Suspended => "suspended",
            Self::UnmetCel => "unmet_cel",
            Self::UnmetFact(_) => "unmet_fact",
            Self::UnusableFact(_) => "unusable_fact",
        }
    }

    /// Who refuses.
    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Denied => Stage::Deny,
            Self::Ceiling
            | Self::InvalidName
            | Self::LoginRequired
            | Self::NoRule
            | Self::Owned { .. }
            | Self::ProviderWithheld
            | Self::Suspended
            | Self::UnmetCel
            | Self::UnmetFact(_)
            | Self::UnusableFact(_) => Stage::Rules,
        }
    }

    pub(super) fn unmet(&self) -> Option<Fact> {
        match self {
            Self::UnmetFact(fact) | Self::UnusableFact(fact) => Some(*fact),
            Self::Ceiling
            | Self::Denied
            | Self::InvalidName
            | Self::LoginRequired
            | Self::NoRule
            | Self::Owned { .. }
            | Self::ProviderWithheld
            | Self::Suspended
            | Self::UnmetCel => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The message for somebody known whose JWT is not accepted, in the form of a
/// [`Refusal`]; `reason` says what is wrong with the JWT. So too where somebody
/// else refuses, who may be known by no name.
pub fn rejection(
    asked: &Scopes,
    name: Option<&str>,
    facts: &Facts,
    reason: &dyn fmt::Display,
    id: ShortId,
) -> String {
    let is_change = |scope: &&Scope| scope.actions.iter().any(|action| action != "pull");
    let scope = asked.iter().find(is_change).or(asked.iter().next());
    let mut text = String::with_capacity(256);
    let written = push_who(&mut text, scope, name, facts, None)
        .and_then(|()| write!(text, ": {}; decision {id}", echo(&reason.to_string())));
    written.expect("writing to a string cannot fail");
    defused(&text)
}

fn message(
    reason: &Reason,
    scope: Option<&Scope>,
    caller: Caller<'_>,
    id: ShortId,
) -> Result<String, fmt::Error> {
    let mut text = String::with_capacity(256);
    let name = (!caller.is_anonymous()).then(|| caller.name());
    push_who(&mut text, scope, name, caller.facts(), reason.unmet())?;
    text.push_str(": ");
    match *reason {
        Reason::Ceiling => text.push_str("the API token was not made for this"),
        Reason::Denied => text.push_str("it is denied to this caller"),
        Reason::InvalidName => text.push_str("this is not a valid repository name"),
        Reason::LoginRequired => text.push_str(
            "no credential was presented; log in with the JWT of your platform as the password",
        ),
        Reason::NoRule => text.push_str("no rule gives this to the caller"),
        Reason::Owned { ref name, id } => {
            let asked = scope.map_or("", |scope| scope.name.as_str());
            // The name may hold the wildcards of a rule, which is nobody's business.
            let name = if asked.starts_with(name) { name } else { asked };
            let (name, id) = (echo(name), id.word());
            write!(
                text,
                "{name} belongs to another {id}; an operator can transfer it"
            )?;
        }
        // The words that relays have where they pass a token on.
        Reason::ProviderWithheld => {
            text.push_str("the identity provider gives no such access");
        }
        Reason::Suspended => text.push_str(
            "the issuer's name stands for something else than before; an operator must confirm it",
        ),
        Reason::UnmetCel => text.push_str("no rule allows this run"),
        Reason::UnmetFact(fact)
            if fact.value_type() == FactType::Flag && caller.facts().get(fact).is_some() =>
        {
            write!(text, "no rule allows this with {} as it is", fact.name())?;
        }
        Reason::UnmetFact(fact) if caller.facts().get(fact).is_some() => {
            write!(text, "no rule allows this {}", fact.name())?;
        }
        Reason::UnmetFact(fact) => write!(text, "no rule allows this without {}", fact.name())?,
        Reason::UnusableFact(fact) if caller.facts().get(fact).is_some() => {
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

/// What was asked, and who is refused it, with the caller's own facts.
fn push_who(
    text: &mut String,
    scope: Option<&Scope>,
    name: Option<&str>,
    facts: &Facts,
    unmet: Option<Fact>,
) -> fmt::Result {
    match scope {
        Some(scope) => push_asked(text, scope)?,
        None => text.push_str("login"),
    }
    text.push_str(" refused");
    if let Some(name) = name {
        write!(text, " for {}", echo(name))?;
        push_facts(text, facts, unmet)?;
    }
    Ok(())
}

/// The caller's own facts, in parentheses.
fn push_facts(text: &mut String, facts: &Facts, unmet: Option<Fact>) -> fmt::Result {
    let mut before = " (";
    for fact in TOLD
        .into_iter()
        .chain(unmet.filter(|fact| !TOLD.contains(fact)))
    {
        let value = match facts.get(fact) {
            Some(FactValue::Flag(flag)) => flag.to_string(),
            Some(FactValue::List(list)) => echo(&list.join(" ")),
            Some(FactValue::Text(text)) => echo(text),
            None => continue,
        };
        if value.is_empty() {
            write!(text, "{before}no {}", fact.name())?;
        } else {
            write!(text, "{before}{} {value}", fact.name())?;
        }
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
/// `::set-env` and `##[…]` (GitHub), `##vso[…]` (Azure), `##teamcity[…]`.
fn defused(message: &str) -> String {
    message.replace("::", ":.").replace("##", "#.")
}
