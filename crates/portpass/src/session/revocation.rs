//! What ends logins before their time: by login, run, identity, issuer, key, or all.

use jiff::Timestamp;

use crate::{identity::Identity, short_id::ShortId, store::RevocationRow};

/// Why a login has ended before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// The key that signed its JWT was withdrawn by its platform, or revoked here.
    Key,
    /// An operator revoked it.
    Revoked,
}

/// Every revocation, ready to be asked.
#[derive(Debug, Default)]
pub struct Revocations {}

/// A login, as far as revocations tell logins apart.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its id.
    pub login: ShortId,
    /// Whose it is.
    pub identity: &'a Identity,
    /// The fact `run_id`.
    pub run: Option<&'a str>,
    /// The issuer's key that signed its JWT.
    pub key: &'a str,
    /// Its JWT's `iat`.
    pub issued: Timestamp,
    /// Its JWT's `exp`.
    pub expires: Timestamp,
}

impl Revocations {
    /// Reads the rows.
    pub fn of(_rows: Vec<RevocationRow>) -> Self {
        todo!()
    }

    /// Whether a login has ended.
    ///
    /// `login`, `run` and `key` (an operator's) end whatever they name, `all`,
    /// `issuer` and `identity` JWTs issued until then, `key_withdrawn` JWTs that
    /// were issued before and had not expired then.
    pub fn ended(&self, _subject: &Subject<'_>) -> Option<Ended> {
        todo!()
    }
}
