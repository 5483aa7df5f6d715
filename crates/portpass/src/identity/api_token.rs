//! API tokens: secrets that operators give to robots.

use std::sync::Arc;

use jiff::Timestamp;

use super::Identity;
use crate::{decision::Ceiling, store::ApiTokenRow};

/// The issuer of every API token; no configured issuer has the name.
pub const TOKEN: &str = "token";

/// An API token, as the store has it.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// `token` and its id.
    pub identity: Identity,
    /// What operators call it.
    pub name: String,
    /// The operators' group whose rules it is under.
    pub group: Arc<str>,
    /// What it may do at most, whatever the group's rules give.
    pub ceiling: Ceiling,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// When it was last used, when it was last read.
    pub last_used: Option<Timestamp>,
}

impl ApiToken {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// When the row holds what we never write.
    pub fn of(_row: ApiTokenRow) -> Result<Self, crate::store::StoreError> {
        todo!()
    }
}
