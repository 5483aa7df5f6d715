//! What ends logins before their time: by login, run, identity, issuer, key, or all.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::{
    identity::{Identity, LEEWAY_SECONDS},
    short_id::ShortId,
    store::RevocationRow,
};

/// Why a login has ended before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// The key that signed its JWT was withdrawn by its platform, or revoked here.
    Key,
    /// An operator revoked it.
    Revoked,
}

/// Every revocation, ready to be asked. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub struct Revocations {
    all: Option<i64>,
    identities: ByIssuer<i64>,
    issuers: HashMap<String, i64>,
    keys: ByIssuer<()>,
    logins: HashSet<ShortId>,
    runs: ByIssuer<()>,
    withdrawn: ByIssuer<i64>,
}

/// Values that mean something under one issuer only.
#[derive(Debug)]
struct ByIssuer<T>(HashMap<String, HashMap<String, T>>);

impl<T> ByIssuer<T> {
    fn insert(&mut self, issuer: String, value: String, since: T) {
        self.0.entry(issuer).or_default().insert(value, since);
    }

    fn find(&self, issuer: &str, value: &str) -> Option<&T> {
        self.0.get(issuer)?.get(value)
    }
}

impl<T> Default for ByIssuer<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

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
    /// Whether the issuer publishes that key now, as far as we know.
    pub is_key_published: bool,
    /// Its JWT's `iat`.
    pub issued: Timestamp,
    /// Its JWT's `exp`.
    pub expires: Timestamp,
}

impl Revocations {
    /// Reads the rows. One that this version cannot read ends nothing, and is
    /// said in the log.
    pub fn of(rows: Vec<RevocationRow>) -> Self {
        let mut revocations = Self::default();
        for row in rows {
            revocations.add(row);
        }
        revocations
    }

    fn add(&mut self, row: RevocationRow) {
        let RevocationRow {
            kind,
            issuer,
            value,
            at_ms,
            actor: _,
        } = row;
        match kind.as_str() {
            "all" => self.all = Some(at_ms),
            "identity" => self.identities.insert(issuer, value, at_ms),
            "issuer" => {
                self.issuers.insert(issuer, at_ms);
            }
            "key" => self.keys.insert(issuer, value, ()),
            "key_withdrawn" => self.withdrawn.insert(issuer, value, at_ms),
            "login" => match value.parse() {
                Ok(login) => {
                    self.logins.insert(login);
                }
                Err(error) => {
                    tracing::error!(login = value, error = %error, "A revocation ends nothing");
                }
            },
            "run" => self.runs.insert(issuer, value, ()),
            unknown => {
                let error = "this version does not know the kind";
                tracing::error!(
                    revocation.kind = unknown,
                    error,
                    "A revocation ends nothing"
                );
            }
        }
    }

    /// Whether a login has ended.
    ///
    /// `login`, `run` and `key` (an operator's) end whatever they name, `all`,
    /// `issuer` and `identity` JWTs issued until then, `key_withdrawn` JWTs that
    /// were issued before and had not expired then; whoever had stolen the key
    /// wrote their `iat`, so it may lie as far ahead as `iat` ever may. It ends
    /// those issued after it as well while the key is gone: a replica that had
    /// not heard of it yet believed them.
    pub fn ended(&self, subject: &Subject<'_>) -> Option<Ended> {
        if self.is_revoked(subject) {
            Some(Ended::Revoked)
        } else if self.has_lost_its_key(subject) {
            Some(Ended::Key)
        } else {
            None
        }
    }

    fn is_revoked(&self, subject: &Subject<'_>) -> bool {
        let issuer = subject.identity.issuer();
        let since = subject.issued.as_millisecond();
        let is_issued_until = |at: &i64| since <= *at;
        self.logins.contains(&subject.login)
            || subject
                .run
                .is_some_and(|run| self.runs.find(issuer, run).is_some())
            || self
                .identities
                .find(issuer, subject.identity.id())
                .is_some_and(is_issued_until)
            || self.issuers.get(issuer).is_some_and(is_issued_until)
            || self.all.as_ref().is_some_and(is_issued_until)
    }

    fn has_lost_its_key(&self, subject: &Subject<'_>) -> bool {
        let issuer = subject.identity.issuer();
        let earliest = subject.issued.as_millisecond() - LEEWAY_SECONDS * 1000;
        let expires = subject.expires.as_millisecond();
        self.keys.find(issuer, subject.key).is_some()
            || self
                .withdrawn
                .find(issuer, subject.key)
                .is_some_and(|at| *at < expires && (earliest <= *at || !subject.is_key_published))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: i64 = 1_700_000_000;
    const EXPIRES: i64 = ISSUED + 300;

    /// A revocation of one second.
    fn row(kind: &str, issuer: &str, value: &str, at: i64) -> RevocationRow {
        RevocationRow {
            kind: kind.to_owned(),
            issuer: issuer.to_owned(),
            value: value.to_owned(),
            at_ms: at * 1000,
            actor: "somebody".to_owned(),
        }
    }

    /// What rows mean for a login of repository 74, signed by key `k`.
    fn login_of(run: Option<&str>, rows: Vec<RevocationRow>) -> Option<Ended> {
        login_by_key(true, run, rows)
    }

    /// The same, by a key that is published or not.
    fn login_by_key(
        is_key_published: bool,
        run: Option<&str>,
        rows: Vec<RevocationRow>,
    ) -> Option<Ended> {
        Revocations::of(rows).ended(&Subject {
            login: ShortId::of(b"login"),
            identity: &Identity::stored("github", "74"),
            run,
            key: "k",
            is_key_published,
            issued: Timestamp::from_second(ISSUED).unwrap(),
            expires: Timestamp::from_second(EXPIRES).unwrap(),
        })
    }

    /// What one revocation means for its run 7.
    fn ended(row: RevocationRow) -> Option<Ended> {
        login_of(Some("7"), vec![row])
    }

    #[test]
    fn nothing_ends_a_login_that_nothing_names() {
        let other = ShortId::of(b"other").to_string();
        for row in [
            row("login", "", &other, EXPIRES),
            row("run", "github", "8", EXPIRES),
            row("run", "gitlab", "7", EXPIRES),
            row("identity", "github", "75", EXPIRES),
            row("identity", "gitlab", "74", EXPIRES),
            row("issuer", "gitlab", "", EXPIRES),
            row("key", "github", "l", EXPIRES),
            row("key", "gitlab", "k", EXPIRES),
            row("key_withdrawn", "github", "l", ISSUED),
            row("key_withdrawn", "gitlab", "k", ISSUED),
        ] {
            assert_eq!(ended(row.clone()), None, "{row:?}");
        }
        assert_eq!(login_of(Some("7"), Vec::new()), None);
    }

    #[test]
    fn a_login_a_run_and_a_key_end_whenever_they_were_revoked() {
        let login = ShortId::of(b"login").to_string();
        for at in [0, ISSUED - 1, ISSUED, EXPIRES + 1] {
            assert_eq!(ended(row("login", "", &login, at)), Some(Ended::Revoked));
            let by_run = row("run", "github", "7", at);
            assert_eq!(ended(by_run), Some(Ended::Revoked));
            assert_eq!(ended(row("key", "github", "k", at)), Some(Ended::Key));
        }
    }

    #[test]
    fn identity_issuer_and_all_end_what_was_issued_until_then() {
        for (kind, issuer, value) in [
            ("identity", "github", "74"),
            ("issuer", "github", ""),
            ("all", "", ""),
        ] {
            let at = |at| ended(row(kind, issuer, value, at));
            assert_eq!(at(ISSUED - 1), None, "{kind}: a login from after it");
            assert_eq!(at(ISSUED), Some(Ended::Revoked), "{kind}");
            assert_eq!(at(EXPIRES + 7200), Some(Ended::Revoked), "{kind}");
        }
    }

    #[test]
    fn a_withdrawn_key_ends_the_jwts_that_were_alive_then() {
        let at = |at| ended(row("key_withdrawn", "github", "k", at));
        assert_eq!(at(ISSUED - 31), None, "withdrawn, and back in use since");
        assert_eq!(at(ISSUED - 30), Some(Ended::Key), "clocks may differ");
        assert_eq!(at(ISSUED), Some(Ended::Key));
        assert_eq!(at(EXPIRES - 1), Some(Ended::Key));
        assert_eq!(at(EXPIRES), None, "leaving after that is rotation");
        let mut last = row("key_withdrawn", "github", "k", EXPIRES);
        last.at_ms -= 1;
        assert_eq!(ended(last), Some(Ended::Key));
    }

    #[test]
    fn a_withdrawn_key_that_is_not_back_ends_what_it_signed_since() {
        let at = |at| {
            let rows = vec![row("key_withdrawn", "github", "k", at)];
            login_by_key(false, None, rows)
        };
        for since in [ISSUED - 7200, ISSUED - 31, ISSUED, EXPIRES - 1] {
            assert_eq!(at(since), Some(Ended::Key), "{since}");
        }
        assert_eq!(at(EXPIRES), None, "leaving after that is rotation");
        assert_eq!(login_by_key(false, None, Vec::new()), None);
    }

    #[test]
    fn a_login_without_a_run_is_no_runs() {
        let row = row("run", "github", "", EXPIRES);
        assert_eq!(login_of(None, vec![row]), None);
    }

    #[test]
    fn an_operators_word_comes_before_the_platforms() {
        let rows = vec![
            row("key_withdrawn", "github", "k", ISSUED),
            row("issuer", "github", "", ISSUED),
        ];
        assert_eq!(login_of(None, rows), Some(Ended::Revoked));
    }

    #[test]
    fn a_row_that_cannot_be_read_ends_nothing_and_spoils_no_other() {
        let rows = vec![
            row("login", "", "not an id", ISSUED),
            row("solar_flare", "", "", EXPIRES),
            row("run", "github", "7", ISSUED),
        ];
        assert_eq!(login_of(Some("8"), rows.clone()), None);
        assert_eq!(login_of(Some("7"), rows), Some(Ended::Revoked));
    }
}
