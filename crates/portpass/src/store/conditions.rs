//! What a token's event is committed with, in one transaction: it is all true
//! then, or the token is dropped.

use super::{IdentityRow, InboxRow, NamespaceRow, RefreshTokenRow, SessionRow};

/// What must come true with an event.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The session that is opened or used.
    pub session: Option<SessionUse>,
    /// Another refresh token of that session.
    pub refresh_token: Option<RefreshTokenRow>,
    /// Namespaces that are claimed: nobody's so far, or this owner's already.
    pub claims: Vec<NamespaceRow>,
    /// Who was proven; `names` is left empty: the store keeps former names.
    pub identity: Option<IdentityRow>,
    /// Who waits for an operator; `count` is how often more.
    pub inbox: Option<InboxRow>,
    /// The use of an API token.
    pub api_token: Option<ApiTokenUse>,
}

/// One use of a session.
#[derive(Clone, Debug)]
pub struct SessionUse {
    /// The session's login.
    pub login: String,
    /// The row, if the session is not known to be stored; one that is stored
    /// after all is used as it is.
    pub open: Option<Box<SessionRow>>,
    /// When, in milliseconds since 1970.
    pub used_ms: i64,
    /// All networks it was used from, as JSON, if this is a new one.
    pub networks: Option<String>,
    /// How often it may be used, if that is limited.
    pub max_uses: Option<i64>,
    /// Whether it must be this use that opens the session: nobody has compared
    /// it with one that is open.
    pub opens_it: bool,
    /// The provider's refresh token, if this use exchanged it.
    pub sealed: Option<SealedExchange>,
}

/// A provider's refresh token for the one before it, both encrypted. Where another
/// one stands by now, that one stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedExchange {
    /// The one that was shown to the provider.
    pub old: String,
    /// The one that came back.
    pub new: String,
}

/// One use of an API token.
#[derive(Clone, Debug)]
pub struct ApiTokenUse {
    /// Its id.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub used_ms: i64,
    /// From which network.
    pub network: String,
}

/// What became of one event's conditions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// All is true.
    Kept {
        /// Whether the refresh token was stored: a session has sixteen at most.
        refresh_token: bool,
        /// The session as it stands now, if the conditions name one.
        uses: Option<i64>,
        /// The provider's refresh token as it stands now, if the conditions exchange it.
        sealed: Option<String>,
    },
    /// Something is otherwise, so the event was not written.
    Overtaken(Overtaken),
}

/// What a transaction found to be otherwise than the decision took it to be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Overtaken {
    /// Somebody else has claimed a namespace meanwhile.
    #[error("somebody else claimed {namespace} meanwhile")]
    Namespace {
        /// The registry's name.
        registry: String,
        /// The rendered name.
        namespace: String,
    },
    /// The session is gone, used up, or was opened by somebody else.
    #[error("the session {login} is gone, used up, or was opened meanwhile")]
    Session {
        /// Its login.
        login: String,
    },
}
