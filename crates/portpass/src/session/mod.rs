//! The login that outlives its JWT, and what ends it.
//!
//! A session is what was verified when its JWT was first accepted. Each use
//! reads the claims anew, by the issuer's settings and the rules of that day.

mod evidence;
mod provider_login;
mod revocation;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::{
    evidence::{Evidence, Login, Rotated, Turn},
    provider_login::ProviderLogin,
    revocation::{Ended, Revocations, Subject},
};
use crate::{
    identity::Identity,
    relay::Sealed,
    short_id::ShortId,
    store::{SessionRow, StoreError},
};

/// The most refresh tokens of one session.
pub const MAX_REFRESH_TOKENS: i64 = 16;

/// A login that may outlive its JWT, as the store has it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its JWT's login.
    pub login: ShortId,
    /// Whose it is.
    pub identity: Identity,
    /// What people knew it by when the session was opened.
    pub name: Arc<str>,
    /// The fact `run_id`, by which it can be revoked.
    pub run: Option<Arc<str>>,
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
    pub networks: Arc<[String]>,
    /// The JWT's verified payload; a person's is that of the provider's token.
    pub claims: Arc<Map<String, Value>>,
    /// What the provider's token said, where a job's facts are not its JWT's alone.
    pub provider: Option<Arc<ProviderLogin>>,
    /// The provider's refresh token, where the session is a person's; it is shown
    /// to the provider at each use.
    pub sealed: Option<Sealed>,
}

impl Session {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// When the row holds what we never write.
    pub fn of(row: SessionRow) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::Row {
            table: "sessions",
            column,
        };
        let id = |text: &str, column| text.parse().map_err(|_no_id| damaged(column));
        let time = |milliseconds, column| {
            Timestamp::from_millisecond(milliseconds).map_err(|_out_of_range| damaged(column))
        };
        Ok(Self {
            login: id(&row.login, "login")?,
            identity: Identity::stored(&row.issuer, &row.identity),
            name: row.name.into(),
            run: row.run.map(Arc::from),
            binding: id(&row.binding, "binding")?,
            key: row.signing_key.into(),
            issued: time(row.issued_ms, "issued_ms")?,
            expires: time(row.expires_ms, "expires_ms")?,
            uses: row.uses,
            networks: serde_json::from_str::<Vec<String>>(&row.networks)
                .map(Arc::from)
                .map_err(|_unreadable| damaged("networks"))?,
            claims: serde_json::from_str(&row.claims)
                .map(Arc::new)
                .map_err(|_unreadable| damaged("claims"))?,
            provider: row
                .provider
                .map(|text| serde_json::from_str(&text).map(Arc::new))
                .transpose()
                .map_err(|_unreadable| damaged("provider"))?,
            sealed: row
                .sealed
                .map(|text| Sealed::stored(text).ok_or_else(|| damaged("sealed")))
                .transpose()?,
        })
    }

    /// The network that it was opened from.
    pub fn first_network(&self) -> Option<&str> {
        self.networks.first().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::SealKey;

    fn row() -> SessionRow {
        SessionRow {
            login: "aaaaaaaaaaaaaaaa".to_owned(),
            issuer: "github".to_owned(),
            identity: "74".to_owned(),
            name: "acme/web".to_owned(),
            run: Some("7".to_owned()),
            binding: "bbbbbbbbbbbbbbbb".to_owned(),
            signing_key: "k".to_owned(),
            issued_ms: 1_700_000_000_000,
            expires_ms: 1_700_000_300_000,
            opened_ms: 1_700_000_001_000,
            ends_ms: 1_700_003_600_000,
            prune_ms: 1_700_100_000_000,
            last_used_ms: 1_700_000_001_000,
            uses: 3,
            networks: r#"["192.0.2.0/24","198.51.100.0/24"]"#.to_owned(),
            claims: r#"{"iss":"https://ci","run_id":"7"}"#.to_owned(),
            provider: None,
            sealed: None,
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let session = Session::of(row()).unwrap();
        assert_eq!(session.login.to_string(), "aaaaaaaaaaaaaaaa");
        assert_eq!(session.identity.to_string(), "github:74");
        assert_eq!(&*session.name, "acme/web");
        assert_eq!(session.run.as_deref(), Some("7"));
        assert_eq!(session.binding.to_string(), "bbbbbbbbbbbbbbbb");
        assert_eq!(&*session.key, "k");
        assert_eq!(session.issued.as_second(), 1_700_000_000);
        assert_eq!(session.expires.as_second(), 1_700_000_300);
        assert_eq!(session.uses, 3);
        assert_eq!(session.first_network(), Some("192.0.2.0/24"));
        assert_eq!(session.networks.len(), 2);
        assert_eq!(session.claims["run_id"], "7");
        assert!(session.provider.is_none() && session.sealed.is_none());
    }

    #[test]
    fn what_a_provider_has_to_do_with_it_is_read_as_it_was_written() {
        let provider = r#"{"issuer":"keycloak","id":"f3a1","binding":"bbbbbbbbbbbbbbbb","key":"k",
            "issued":"2026-11-23T12:00:00Z","expires":"2026-11-23T12:05:00Z","claims":{}}"#;
        let key = SealKey::derive(&"key".to_owned().into());
        let sealed = key.seal("test", "hush").unwrap();
        let session = Session::of(SessionRow {
            provider: Some(provider.to_owned()),
            sealed: Some(sealed.as_str().to_owned()),
            ..row()
        })
        .unwrap();
        assert_eq!(&*session.provider.as_ref().unwrap().issuer, "keycloak");
        assert_eq!(session.sealed.as_ref(), Some(&sealed));
        assert!(!format!("{session:?}").contains(sealed.as_str()));
    }

    #[test]
    fn a_row_that_we_never_write_is_an_error_that_names_the_column() {
        let wrong = [
            SessionRow {
                login: "AAAA".to_owned(),
                ..row()
            },
            SessionRow {
                binding: String::new(),
                ..row()
            },
            SessionRow {
                issued_ms: i64::MAX,
                ..row()
            },
            SessionRow {
                expires_ms: i64::MIN,
                ..row()
            },
            SessionRow {
                networks: "{}".to_owned(),
                ..row()
            },
            SessionRow {
                claims: "[]".to_owned(),
                ..row()
            },
            SessionRow {
                provider: Some("{}".to_owned()),
                ..row()
            },
            SessionRow {
                sealed: Some("hunter2".to_owned()),
                ..row()
            },
        ]
        .map(|row| Session::of(row).unwrap_err().to_string())
        .join("\n");
        insta::assert_snapshot!(wrong, @r"
        a row of sessions is damaged: its login is not what Portpass writes
        a row of sessions is damaged: its binding is not what Portpass writes
        a row of sessions is damaged: its issued_ms is not what Portpass writes
        a row of sessions is damaged: its expires_ms is not what Portpass writes
        a row of sessions is damaged: its networks is not what Portpass writes
        a row of sessions is damaged: its claims is not what Portpass writes
        a row of sessions is damaged: its provider is not what Portpass writes
        a row of sessions is damaged: its sealed is not what Portpass writes
        ");
    }
}
