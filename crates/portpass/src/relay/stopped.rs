//! Where a request ends that gets neither a token nor a proof.

use super::{Caller, ProviderFault, TokenFault, passed::printable};
use crate::{
    identity::{Proof, Unproven},
    refused::{Ask, Limited, Refused, Unvouched},
    short_id::ShortId,
};

/// Why a request ends; with what was asked it is a [`Refused`].
#[derive(Debug)]
pub(super) enum Stopped {
    LimitedAddress(Limited),
    LimitedIdentity { limited: Limited, proof: Box<Proof> },
    Provider { fault: ProviderFault, who: Box<Who> },
    Unproven(Unproven),
}

/// Why what the provider gave proves nobody who may go on.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is the provider's fault, or its word about the caller.
    Fault(ProviderFault),
    /// Its subject asks too often.
    Limited(Limited),
    /// It is not the provider that ends it.
    Unproven(Unproven),
}

impl Unusable {
    pub(super) fn stopped(self, who: &Who) -> Stopped {
        match self {
            Self::Fault(fault) => Stopped::Provider {
                fault,
                who: Box::new(who.clone()),
            },
            // Whom no issuer of ours knows is counted like the rest of an address.
            Self::Limited(limited) => Stopped::LimitedAddress(limited),
            Self::Unproven(unproven) => Stopped::Unproven(unproven),
        }
    }
}

impl From<ProviderFault> for Unusable {
    fn from(fault: ProviderFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TokenFault> for Unusable {
    fn from(fault: TokenFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Unproven> for Unusable {
    fn from(unproven: Unproven) -> Self {
        Self::Unproven(unproven)
    }
}

/// Who was presented to the provider, as far as we know.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    /// By an issuer of ours.
    pub(super) proof: Option<Proof>,
    /// The login of a JWT.
    pub(super) login: Option<ShortId>,
    /// The name that a person gave.
    pub(super) user: Option<String>,
    /// Whether nothing was presented.
    pub(super) is_nobody: bool,
}

impl Stopped {
    pub(super) fn refused(self, ask: Ask) -> Refused {
        match self {
            Self::LimitedAddress(limited) => Refused::LimitedAddress(limited),
            Self::LimitedIdentity { limited, proof } => Refused::LimitedIdentity {
                limited,
                proof,
                ask,
            },
            Self::Provider { fault, who } => Refused::Provider(Box::new(Unvouched {
                fault,
                proof: who.proof,
                login: who.login,
                user: who.user,
                is_nobody: who.is_nobody,
                ask,
            })),
            Self::Unproven(unproven) => Refused::Unproven { unproven, ask },
        }
    }
}

impl Who {
    /// Who a caller is, before the provider is asked.
    pub(super) fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Job { proof, login, .. } => Self {
                proof: proof.as_deref().cloned(),
                login: Some(*login),
                ..Self::default()
            },
            Caller::Nobody => Self {
                is_nobody: true,
                ..Self::default()
            },
            Caller::Own(proof) | Caller::Returning { proof, .. } => Self {
                proof: Some(Proof::clone(proof)),
                login: proof.login(),
                ..Self::default()
            },
            Caller::Person(password) => Self {
                user: Some(printable(password.user())),
                ..Self::default()
            },
        }
    }
}
