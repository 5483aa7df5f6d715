//! API tokens: secrets that operators give to robots.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Fact, Facts, Identity, Proof, RejectReason, Rejected, Unproven};
use crate::{
    decision::Ceiling,
    session::Evidence,
    short_id::ShortId,
    store::{ApiTokenRow, StoreError},
};

/// The issuer of every API token; no configured issuer has the name.
pub const TOKEN: &str = "token";

/// An API token, as the store has it.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// `token` and its id.
    pub identity: Identity,
    /// What operators call it.
    pub name: Arc<str>,
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
    pub fn of(row: ApiTokenRow) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::Row {
            table: "api_tokens",
            column,
        };
        let time = |milliseconds: Option<i64>, column| {
            let time = milliseconds.map(Timestamp::from_millisecond).transpose();
            time.map_err(|_out_of_range| damaged(column))
        };
        let patterns = |text: &str, column| {
            let patterns: Result<Vec<String>, _> = serde_json::from_str(text);
            patterns.map_err(|_unreadable| damaged(column))
        };
        Ok(Self {
            identity: Identity::stored(TOKEN, &row.id),
            expires: time(row.expires_ms, "expires_ms")?,
            revoked: time(row.revoked_ms, "revoked_ms")?,
            last_used: time(row.last_used_ms, "last_used_ms")?,
            ceiling: Ceiling::parse(
                &patterns(&row.pull, "pull")?,
                &patterns(&row.push, "push")?,
                &patterns(&row.deletes, "deletes")?,
            )
            .map_err(|_no_pattern| damaged("list of patterns"))?,
            name: row.name.into(),
            group: row.group_name.into(),
        })
    }

    /// The proof of whoever has its secret. Each request is a login of its own.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub(super) fn prove(self: Arc<Self>, now: Timestamp) -> Result<Proof, Unproven> {
        let login = ShortId::random().map_err(|_exhausted| {
            Unproven::unavailable("no random bytes are to be had".to_owned())
        })?;
        let mut facts = Facts::default();
        facts.set_text(Fact::Issuer, Some(TOKEN));
        if let Some(reason) = self.ended(now) {
            return Err(Unproven::Rejected(Box::new(Rejected {
                identity: self.identity.clone(),
                name: self.name.clone(),
                facts,
                login,
                reason,
            })));
        }
        Ok(Proof {
            identity: self.identity.clone(),
            name: self.name.clone(),
            facts,
            claims: Arc::default(),
            login: Some(login),
            until: self.expires,
            evidence: Evidence::ApiToken(self),
            is_pinned: false,
            is_bound: true,
        })
    }

    fn ended(&self, now: Timestamp) -> Option<RejectReason> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Some(RejectReason::TokenRevoked),
            (None, Some(at)) if at <= now => Some(RejectReason::TokenExpired { at }),
            (None, Some(_) | None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES: i64 = 1_700_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn token() -> ApiToken {
        ApiToken {
            identity: Identity::stored(TOKEN, "mirror-1"),
            name: "mirror".into(),
            group: "robots".into(),
            ceiling: Ceiling::default(),
            expires: Some(at(EXPIRES)),
            revoked: None,
            last_used: None,
        }
    }

    fn rejection(token: ApiToken, now: Timestamp) -> Rejected {
        match Arc::new(token).prove(now) {
            Err(Unproven::Rejected(rejected)) => *rejected,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_proves_its_robot_and_nothing_else() {
        let token = Arc::new(token());
        let proof = Arc::clone(&token).prove(at(EXPIRES - 1)).unwrap();
        assert_eq!(proof.identity().to_string(), "token:mirror-1");
        assert_eq!(proof.name(), "mirror");
        assert_eq!(proof.until(), Some(at(EXPIRES)));
        assert!(proof.claims().is_empty() && !proof.is_anonymous());
        assert!(proof.is_bound() && !proof.is_pinned());
        insta::assert_json_snapshot!(proof.facts(), @r#"
        {
          "issuer": "token"
        }
        "#);
        assert!(proof.evidence().login().is_none(), "and opens no session");
        assert!(matches!(proof.evidence(), Evidence::ApiToken(by) if Arc::ptr_eq(by, &token)));
        let again = token.prove(at(EXPIRES - 1)).unwrap();
        assert_ne!(
            proof.login(),
            again.login(),
            "each request is its own login"
        );
    }

    #[test]
    fn a_token_without_an_end_has_none() {
        let endless = ApiToken {
            expires: None,
            ..token()
        };
        let proof = Arc::new(endless).prove(at(EXPIRES * 2)).unwrap();
        assert_eq!(proof.until(), None);
    }

    #[test]
    fn an_expired_token_is_refused_from_the_very_second() {
        let rejected = rejection(token(), at(EXPIRES));
        let expected = RejectReason::TokenExpired { at: at(EXPIRES) };
        assert_eq!(rejected.reason, expected);
        assert_eq!(rejected.identity.to_string(), "token:mirror-1");
        assert_eq!(&*rejected.name, "mirror");
    }

    #[test]
    fn a_revoked_token_is_refused_whenever_that_was() {
        for revoked in [0, EXPIRES, EXPIRES * 2] {
            let revoked = ApiToken {
                revoked: Some(at(revoked)),
                ..token()
            };
            let rejected = rejection(revoked, at(EXPIRES - 100));
            assert_eq!(rejected.reason, RejectReason::TokenRevoked);
        }
    }

    fn row() -> ApiTokenRow {
        ApiTokenRow {
            id: "mirror-1".to_owned(),
            name: "mirror".into(),
            hash: "hash".to_owned(),
            group_name: "robots".to_owned(),
            pull: r#"["team/**"]"#.to_owned(),
            push: "[]".to_owned(),
            deletes: "[]".to_owned(),
            created_ms: 1,
            actor: "alice".to_owned(),
            expires_ms: Some(EXPIRES * 1000),
            revoked_ms: None,
            last_used_ms: Some(2),
            last_network: Some("192.0.2.0/24".to_owned()),
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let token = ApiToken::of(row()).unwrap();
        assert_eq!(token.identity.to_string(), "token:mirror-1");
        assert_eq!((&*token.name, &*token.group), ("mirror", "robots"));
        assert_eq!(token.expires, Some(at(EXPIRES)));
        assert_eq!(token.revoked, None);
        assert_eq!(token.last_used.unwrap().as_millisecond(), 2);
    }

    #[test]
    fn a_row_that_we_never_write_is_an_error_that_names_the_column() {
        let wrong = [
            ApiTokenRow {
                expires_ms: Some(i64::MAX),
                ..row()
            },
            ApiTokenRow {
                revoked_ms: Some(i64::MIN),
                ..row()
            },
            ApiTokenRow {
                pull: "team/**".to_owned(),
                ..row()
            },
            ApiTokenRow {
                deletes: "{}".to_owned(),
                ..row()
            },
        ]
        .map(|row| ApiToken::of(row).unwrap_err().to_string())
        .join("\n");
        insta::assert_snapshot!(wrong, @r"
        a row of api_tokens is damaged: its expires_ms is not what Portpass writes
        a row of api_tokens is damaged: its revoked_ms is not what Portpass writes
        a row of api_tokens is damaged: its pull is not what Portpass writes
        a row of api_tokens is damaged: its deletes is not what Portpass writes
        ");
    }
}
