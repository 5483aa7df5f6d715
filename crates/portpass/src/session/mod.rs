//! The login that outlives its JWT, and what ends it.
//!
//! A session is what was verified when its JWT was first accepted. Each use
//! reads the claims anew, by the issuer's settings and the rules of that day.

mod evidence;
mod revocation;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::{
    evidence::{Evidence, Login},
    revocation::{Ended, Revocations, Subject},
};
use crate::{identity::Identity, short_id::ShortId, store::SessionRow};

/// The most refresh tokens of one session.
pub const MAX_REFRESH_TOKENS: i64 = 16;

/// A login that may outlive its JWT, as the store has it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its JWT's login.
    pub login: ShortId,
    /// Whose it is.
    pub identity: Identity,
    /// The fact `run_id`, by which it can be revoked.
    pub run: Option<String>,
    /// What its issuer stood for when it was opened.
    pub binding: ShortId,
    /// The issuer's key that signed the JWT: its `kid`, or its thumbprint if it has none.
    pub key: Arc<str>,
    /// The JWT's `iat`.
    pub issued: Timestamp,
    /// The JWT's `exp`.
    pub expires: Timestamp,
    /// How often it was used, when it was last read.
    pub uses: i64,
    /// The networks it was used from, the first first.
    pub networks: Vec<String>,
    /// The JWT's verified payload.
    pub claims: Arc<Map<String, Value>>,
}

impl Session {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// When the row holds what we never write.
    pub fn of(_row: SessionRow) -> Result<Self, crate::store::StoreError> {
        todo!()
    }
}
