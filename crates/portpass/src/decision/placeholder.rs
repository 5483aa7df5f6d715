//! The facts that may stand in a template, and the ids they belong to.

use super::glob::Class;
use crate::identity::Fact;

/// A fact that may stand in a template, in braces.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Placeholder {
    Issuer,
    Namespace,
    Owner,
    OwnerId,
    Repository,
    RepositoryId,
    ServiceAccount,
    User,
}

impl Placeholder {
    pub(super) const ALL: [Self; 8] = [
        Self::Issuer,
        Self::Namespace,
        Self::Owner,
        Self::OwnerId,
        Self::Repository,
        Self::RepositoryId,
        Self::ServiceAccount,
        Self::User,
    ];

    pub(super) fn fact(self) -> Fact {
        match self {
            Self::Issuer => Fact::Issuer,
            Self::Namespace => Fact::Namespace,
            Self::Owner => Fact::Owner,
            Self::OwnerId => Fact::OwnerId,
            Self::Repository => Fact::Repository,
            Self::RepositoryId => Fact::RepositoryId,
            Self::ServiceAccount => Fact::ServiceAccount,
            Self::User => Fact::User,
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.fact().name()
    }

    /// What its value may be: only the platforms' paths may hold a `/`.
    pub(super) fn class(self) -> Class {
        match self {
            Self::Namespace | Self::Owner | Self::Repository => Class::Any,
            Self::Issuer
            | Self::OwnerId
            | Self::RepositoryId
            | Self::ServiceAccount
            | Self::User => Class::Segment,
        }
    }

    /// Which of the caller's ids its value belongs to; `None` for values that
    /// nobody else ever has.
    pub(super) fn owner(self) -> Option<OwnerId> {
        match self {
            Self::Owner => Some(OwnerId::Fact(Fact::OwnerId)),
            Self::Repository => Some(OwnerId::Fact(Fact::RepositoryId)),
            Self::Namespace | Self::ServiceAccount | Self::User => Some(OwnerId::Identity),
            Self::Issuer | Self::OwnerId | Self::RepositoryId => None,
        }
    }

    pub(super) fn is_id(self) -> bool {
        self.fact().is_immutable_id()
    }

    pub(super) fn may_hold_slash(self) -> bool {
        self.class() == Class::Any
    }
}

/// Which of a caller's ids owns a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OwnerId {
    /// This fact.
    Fact(Fact),
    /// The identity's own.
    Identity,
}

impl OwnerId {
    /// The word for the caller.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fact(fact) => fact.name(),
            Self::Identity => "id",
        }
    }
}
