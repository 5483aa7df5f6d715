//! How a caller stands to the name that a pattern renders.

use super::{
    Namespace, Outcome, Within, pattern::Pattern, placeholder::OwnerId, refusal::Reason,
    request::Request, template::Unrendered,
};

/// How a caller stands to what a pattern renders.
#[derive(Debug)]
pub(super) enum Hold {
    /// It needs no owner.
    Free,
    /// The pattern gives nothing: this name in it would be claimed, and lies outside of the
    /// ceiling over the rule.
    Outside(String),
    /// This name in it is the caller's.
    Own(String),
    /// Nobody's yet: the caller's, if it pushes.
    Unclaimed(Namespace),
    /// The pattern gives nothing.
    Withheld(Withheld),
}

/// Why a pattern gives nothing, although its rule matches.
#[derive(Clone, Debug)]
pub(super) enum Withheld {
    /// The name in it belongs to another id.
    Owned { name: String, id: OwnerId },
    /// Nobody knows whether the issuer's ids are whose they were.
    Suspended,
    /// The caller lacks the id that would own the name.
    Void(Unrendered),
}

impl Hold {
    /// How the caller stands to a pattern of an allow under a ceiling, which lets write or not.
    pub(super) fn of(
        pattern: &Pattern,
        writes: bool,
        within: &Within,
        request: &Request<'_>,
    ) -> Self {
        let is_bound = request.caller.is_bound();
        let template = match pattern {
            Pattern::Template(template) if writes && template.has_owner() => template,
            // Its rows are an id's, as groups are.
            Pattern::Images if !is_bound => return Self::Withheld(Withheld::Suspended),
            Pattern::Glob(_) | Pattern::Images | Pattern::Template(_) => return Self::Free,
        };
        if !is_bound {
            return Self::Withheld(Withheld::Suspended);
        }
        match template.namespace(&request.values) {
            Ok(Some((namespace, _))) if !within.holds(&namespace.name) => {
                Self::Outside(namespace.name)
            }
            Ok(Some((namespace, id))) => Self::of_namespace(namespace, id, request),
            Ok(None) => Self::Free,
            Err(unrendered) => Self::Withheld(Withheld::Void(unrendered)),
        }
    }

    fn of_namespace(namespace: Namespace, id: OwnerId, request: &Request<'_>) -> Self {
        let Namespace { name, owner } = &namespace;
        match request.owners.get(name) {
            None => Self::Unclaimed(namespace),
            Some((issuer, id))
                if **issuer == *request.caller.identity().issuer() && **id == **owner =>
            {
                Self::Own(namespace.name)
            }
            Some(_) => Self::Withheld(Withheld::Owned {
                name: namespace.name,
                id,
            }),
        }
    }

    /// Whether the pattern gives anything.
    pub(super) fn gives(&self) -> bool {
        match self {
            Self::Free | Self::Own(_) | Self::Unclaimed(_) => true,
            Self::Outside(_) | Self::Withheld(_) => false,
        }
    }

    /// The name whose owner was asked for.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Own(name) | Self::Withheld(Withheld::Owned { name, .. }) => Some(name),
            Self::Unclaimed(namespace) => Some(&namespace.name),
            Self::Free
            | Self::Outside(_)
            | Self::Withheld(Withheld::Suspended | Withheld::Void(_)) => None,
        }
    }

    /// Why it gives nothing, where the rule would.
    pub(super) fn withheld(&self) -> Option<&Withheld> {
        match self {
            Self::Withheld(withheld) => Some(withheld),
            Self::Free | Self::Outside(_) | Self::Own(_) | Self::Unclaimed(_) => None,
        }
    }
}

impl Withheld {
    /// For the record.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Owned { name, .. } => Outcome::Owned(name.clone()),
            Self::Suspended => Outcome::Suspended,
            Self::Void(unrendered) => Outcome::Void(unrendered.to_string()),
        }
    }

    /// For the caller; `None` where no fact is to blame.
    pub(super) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Owned { name, id } => Some(Reason::Owned {
                name: name.clone(),
                id: *id,
            }),
            Self::Suspended => Some(Reason::Suspended),
            Self::Void(unrendered) => unrendered.fact().map(Reason::UnusableFact),
        }
    }
}
