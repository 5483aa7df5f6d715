//! A line of a copy, and how its row is written.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        ApiTokenRow, BindingRow, EventRow, IdentityRow, InboxRow, MemberRow, NamespaceRow,
        RefreshTokenRow, RevocationRow, SessionRow,
        batched::{Batched, Value},
    },
    api_tokens, bindings, events, identities, inbox, members, namespaces, refresh_tokens,
    revocations, sessions,
};

/// A line of a copy: `{"table": {columns}}`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first.
    Begin {
        /// The newest migration of those tables.
        schema: i64,
        /// How many changes operators had made.
        revision: i64,
    },
    ApiTokens(ApiTokenRow),
    Bindings(BindingRow),
    Events(Box<EventRow>),
    GroupMembers(MemberRow),
    Identities(IdentityRow),
    Inbox(InboxRow),
    Namespaces(NamespaceRow),
    RefreshTokens(RefreshTokenRow),
    Revocations(RevocationRow),
    Sessions(Box<SessionRow>),
    /// The last.
    End {
        /// How many rows there are.
        rows: u64,
    },
}

impl Line {
    /// How the rows of its table are written.
    pub(super) fn insert(&self) -> Option<&'static Batched> {
        Some(match self {
            Self::ApiTokens(_) => &api_tokens::INSERT,
            Self::Begin { .. } | Self::End { .. } => return None,
            Self::Bindings(_) => &bindings::INSERT,
            Self::Events(_) => &events::INSERT,
            Self::GroupMembers(_) => &members::INSERT,
            Self::Identities(_) => &identities::INSERT,
            Self::Inbox(_) => &inbox::INSERT,
            Self::Namespaces(_) => &namespaces::INSERT,
            Self::RefreshTokens(_) => &refresh_tokens::INSERT,
            Self::Revocations(_) => &revocations::INSERT,
            Self::Sessions(_) => &sessions::INSERT,
        })
    }

    /// The columns of its row.
    pub(super) fn values(&self) -> Vec<Value<'_>> {
        match self {
            Self::ApiTokens(row) => row.values().into(),
            Self::Begin { .. } | Self::End { .. } => Vec::new(),
            Self::Bindings(row) => row.values().into(),
            Self::Events(row) => row.values().into(),
            Self::GroupMembers(row) => row.values().into(),
            Self::Identities(row) => row.values().into(),
            Self::Inbox(row) => row.values().into(),
            Self::Namespaces(row) => row.values().into(),
            Self::RefreshTokens(row) => row.values().into(),
            Self::Revocations(row) => row.values().into(),
            Self::Sessions(row) => row.values().into(),
        }
    }
}
