//! What stands from before a request: sessions, secrets, members, owners,
//! revocations, bindings. In memory as far as it goes, in the store for good.
//!
//! What operators change is read as a whole ([`Settled`]) and exchanged as a
//! whole; what grows with use is read through and remembered for a while.

mod settled;

use std::sync::Arc;

pub use self::settled::Settled;
use crate::{
    credential::SecretHash,
    decision::Owners,
    identity::ApiToken,
    session::Session,
    short_id::ShortId,
    store::{Overtaken, Store, StoreError},
};

/// What stands from before a request.
#[derive(Debug)]
pub struct Standing {}

/// The registry a refresh token is for, and its session.
#[derive(Clone, Debug)]
pub struct Refreshable {
    /// The registry's name.
    pub registry: Arc<str>,
    /// The login it goes on.
    pub session: Arc<Session>,
}

impl Standing {
    /// Reads what operators have settled.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn open(_store: Store) -> Result<Self, StoreError> {
        todo!()
    }

    /// What operators have settled, no older than two seconds; where other
    /// replicas may write, a copy that is older is read again first.
    ///
    /// # Errors
    ///
    /// When it is older and the database cannot be read.
    pub async fn settled(&self) -> Result<Arc<Settled>, StoreError> {
        todo!()
    }

    /// Reads what operators have settled anew, and forgets everything that was
    /// only remembered: after a change here, or when another replica made one.
    ///
    /// # Errors
    ///
    /// When the database fails; then what was known stays.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Follows the changes of other replicas until it is dropped; returns at
    /// once, never, where there are none (SQLite).
    pub async fn follow(&self) {
        todo!()
    }

    /// The session of a login.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn session(&self, _login: ShortId) -> Result<Option<Arc<Session>>, StoreError> {
        todo!()
    }

    /// The session of a login, if it is remembered; the database is not asked.
    pub fn remembered(&self, _login: ShortId) -> Option<Arc<Session>> {
        todo!()
    }

    /// Notes that a session was stored or used, after the commit.
    pub fn remember(&self, _session: Arc<Session>) {
        todo!()
    }

    /// What a refresh token is good for.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn refresh_token(
        &self,
        _hash: &SecretHash,
    ) -> Result<Option<Refreshable>, StoreError> {
        todo!()
    }

    /// The API token of this hash.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn api_token(&self, _hash: &SecretHash) -> Result<Option<Arc<ApiToken>>, StoreError> {
        todo!()
    }

    /// Who owns which of some namespaces of a registry.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn owners(
        &self,
        _registry: &str,
        _namespaces: &[crate::decision::Namespace],
    ) -> Result<Owners, StoreError> {
        todo!()
    }

    /// Forgets what a transaction found to be otherwise.
    pub fn forget(&self, _overtaken: &Overtaken) {
        todo!()
    }
}
