//! What operators ask of a running server, over a Unix socket or TCP.
//!
//! The command line speaks to it, so that the server stays the only writer;
//! while none runs, the same handlers work on the files. Every change leaves an
//! event with its actor. Another question is a type with a [`Question`] beside
//! the others of its noun, and a line in `routes.rs`: the router, the client's
//! requests and the `OpenAPI` document all come from there.

mod actor;
mod api_tokens;
mod backup;
mod bearer;
mod client;
mod desk;
mod events;
mod explain;
mod export;
mod failure;
mod groups;
mod host;
mod identities;
mod inbox;
mod issuers;
mod keys;
mod namespaces;
mod openapi;
mod question;
mod restore;
mod routes;
mod sessions;
mod socket;
#[cfg(test)]
mod tests;

pub use self::{
    api_tokens::{
        ApiTokenMade, ApiTokenShown, ApiTokenState, ApiTokens, CreateApiToken, RevokeApiToken,
    },
    backup::{Backup, Header, KeyFile, Trailer},
    bearer::protected,
    client::{Client, ClientError},
    desk::Desk,
    events::{EventQuery, MAX_EVENTS},
    explain::{Basis, Explain, Objection, Record, Story},
    export::{Export, Exported},
    failure::Failure,
    groups::{AddMember, GroupShown, Groups, Member, Members, RemoveMember},
    host::Admin,
    identities::{Identities, IdentityShown},
    inbox::{Approve, Approved, Dismiss, Inbox, Waiting},
    issuers::{Bound, IssuerShown, Issuers, Rebind, RestoreKey, RevokeKey},
    keys::Reload,
    namespaces::{NamespaceShown, Namespaces, Transfer},
    openapi::document,
    question::{Changed, Question, Verb},
    restore::{RestoreError, Restored, restore},
    sessions::{
        ProviderSubject, RevokeSessions, RevokedSessions, SessionShown, SessionState, Sessions,
    },
    socket::{Socket, SocketError},
};
