//! What operators do: each act, its event and the next revision are one transaction.

use super::{
    ApiTokenRow, BindingRow, EventRow, MemberRow, NamespaceRow, RevocationRow, Store, StoreError,
};

/// One thing that an operator does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Puts somebody into a group.
    AddMember(MemberRow),
    /// Says what an issuer's name stands for from now on.
    Bind(BindingRow),
    /// Makes an API token.
    CreateApiToken(ApiTokenRow),
    /// Takes somebody out of the inbox.
    Dismiss {
        /// The issuer's name.
        issuer: String,
        /// The immutable id.
        identity: String,
    },
    /// Takes back a revocation.
    LiftRevocation {
        /// Its kind.
        kind: String,
        /// Its issuer.
        issuer: String,
        /// Its value.
        value: String,
    },
    /// Takes somebody out of a group.
    RemoveMember {
        /// The group.
        group_name: String,
        /// The issuer's name.
        issuer: String,
        /// The immutable id.
        identity: String,
    },
    /// Ends logins. One that stands already keeps its time if it is a withdrawn
    /// key's, and takes the new one else.
    Revoke(RevocationRow),
    /// Ends an API token.
    RevokeApiToken {
        /// Its id.
        id: String,
        /// When, in milliseconds since 1970.
        at_ms: i64,
    },
    /// Gives a namespace to another owner.
    Transfer(NamespaceRow),
}

impl Store {
    /// Carries out acts and writes their event, all or nothing. Says how many
    /// rows changed; where none did, nothing is written, not even the event.
    ///
    /// Each change counts up [`Store::revision`] and tells other replicas.
    ///
    /// # Errors
    ///
    /// When the database refuses it.
    pub async fn act(&self, _acts: &[Act], _event: &EventRow) -> Result<u64, StoreError> {
        todo!()
    }

    /// How many changes operators have made.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        todo!()
    }
}
