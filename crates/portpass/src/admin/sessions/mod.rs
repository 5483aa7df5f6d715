//! Logins that outlive their JWT, and what ends them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
    identities::{DEFAULT_ROWS, MAX_ROWS},
};
use crate::{
    session::{Ended, Revocations, Session, Subject},
    short_id::ShortId,
    store::{Act, RevocationRow, RowFilter, SessionRow},
};

/// Lists sessions, the latest used first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Only of this issuer.
    pub issuer: Option<String>,
    /// Only of this id.
    pub id: Option<String>,
    /// Only of this login.
    pub login: Option<String>,
    /// Only of this run.
    pub run: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// One session, without what its JWT said.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct SessionShown {
    /// Its login, as events have it.
    pub login: String,
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
    /// What people knew it by then.
    pub name: String,
    /// The run that it is of, where the platform has runs.
    pub run: Option<String>,
    /// Whether it is still good.
    pub state: SessionState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// How often it was used.
    pub uses: i64,
    /// The networks it was used from, the first first.
    pub networks: Vec<String>,
    /// Whether it is a person's, after whom the identity provider is asked at each use.
    pub person: bool,
    /// Whom the identity provider took a job for, where its token adds to the job's facts.
    pub provider: Option<ProviderSubject>,
}

/// Somebody at an identity provider.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ProviderSubject {
    /// The provider's issuer name here.
    pub issuer: String,
    /// The immutable id there.
    pub id: String,
}

/// Whether a session is still good.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Its time is over.
    Ended,
    /// The key that its JWT was signed with was withdrawn or revoked.
    KeyRevoked,
    /// It is good, as far as the rules give anything.
    Live,
    /// An operator ended it.
    Revoked,
    /// Its issuer's name stands for something else now.
    Suspended,
}

impl Question for Sessions {
    type Answer = Vec<SessionShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/sessions";
    const SUMMARY: &'static str = "Logins that may outlive their JWT, the latest used first.";

    async fn answer(self, desk: &Desk) -> Result<Vec<SessionShown>, Failure> {
        let filter = RowFilter {
            issuer: self.issuer,
            identity: self.id,
            login: self.login,
            run: self.run,
            limit: self.limit.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS),
            ..RowFilter::default()
        };
        let rows = desk.store().sessions(&filter).await?;
        let revocations = Revocations::of(desk.store().revocations().await?);
        let bindings: Vec<_> = desk.snapshot.directory.bindings().collect();
        let shown = rows.into_iter().map(|row| {
            let is_bound = bindings.iter().any(|binding| {
                *binding.issuer == *row.issuer && binding.digest.to_string() == row.binding
            });
            let is_key_published = desk
                .snapshot
                .directory
                .publishes(&row.issuer, &row.signing_key);
            let session = Session::of(row.clone())?;
            let ended = ended(&session, &revocations, is_key_published);
            let state = state(ended, time(row.ends_ms) <= desk.now, is_bound);
            Ok(SessionShown::of(row, &session, state))
        });
        shown.collect()
    }
}

/// What ended it before its time.
fn ended(session: &Session, revocations: &Revocations, is_key_published: bool) -> Option<Ended> {
    revocations.ended(&Subject {
        login: session.login,
        identity: &session.identity,
        run: session.run.as_deref(),
        key: &session.key,
        is_key_published,
        issued: session.issued,
        expires: session.expires,
    })
}

fn state(ended: Option<Ended>, is_over: bool, is_bound: bool) -> SessionState {
    match ended {
        Some(Ended::Key) => SessionState::KeyRevoked,
        Some(Ended::Revoked) => SessionState::Revoked,
        None if is_over => SessionState::Ended,
        None if !is_bound => SessionState::Suspended,
        None => SessionState::Live,
    }
}

impl SessionShown {
    fn of(row: SessionRow, session: &Session, state: SessionState) -> Self {
        let provider = session.provider.as_ref();
        Self {
            networks: session.networks.to_vec(),
            login: row.login,
            issuer: row.issuer,
            id: row.identity,
            name: row.name,
            run: row.run,
            state,
            opened_at: time(row.opened_ms),
            ends_at: time(row.ends_ms),
            last_used_at: time(row.last_used_ms),
            uses: row.uses,
            person: session.sealed.is_some(),
            provider: provider.map(|provider| ProviderSubject {
                issuer: provider.issuer.as_ref().to_owned(),
                id: provider.id.as_ref().to_owned(),
            }),
        }
    }
}

/// Ends logins: exactly one of a login, a run of an issuer, an identity (issuer
/// and id), all of an issuer, or all.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RevokeSessions {
    /// This login.
    pub login: Option<String>,
    /// This run of `issuer`.
    pub run: Option<String>,
    /// The issuer of `run` or `id`; alone, everything of it.
    pub issuer: Option<String>,
    /// This id of `issuer`.
    pub id: Option<String>,
    /// Every login there is.
    pub all: bool,
}

/// What a revocation came to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RevokedSessions {
    /// Whether anything was written.
    pub changed: bool,
    /// How many sessions were good until then, counted up to 1000. Where it is
    /// none, a JWT that was not presented yet is refused all the same.
    pub sessions: u64,
}

/// So many sessions are counted that a revocation ends.
const MOST_COUNTED: u32 = 1000;

impl Question for RevokeSessions {
    type Answer = RevokedSessions;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/sessions/revoke";
    const SUMMARY: &'static str = "Ends logins, with every JWT issued for them until now.";

    async fn answer(self, desk: &Desk) -> Result<RevokedSessions, Failure> {
        let (kind, issuer, value) = self.target()?;
        if kind == "identity" {
            desk.check_identity(issuer, value)?;
        } else if !issuer.is_empty() {
            desk.issuer(issuer)?;
        }
        let row = RevocationRow {
            kind: kind.to_owned(),
            issuer: issuer.to_owned(),
            value: value.to_owned(),
            at_ms: desk.now_ms(),
            actor: desk.actor.to_string(),
        };
        let deed = Deed {
            action: "sessions revoke",
            about: (self.issuer.as_deref(), self.id.as_deref()),
            detail: json!({ "kind": kind, "value": value }),
        };
        let sessions = self.good_until_now(desk).await?;
        let Changed { changed } = desk.act(deed, &[Act::Revoke(row)]).await?;
        Ok(RevokedSessions { changed, sessions })
    }
}

impl RevokeSessions {
    /// How many sessions it is about that have not ended, or not yet.
    async fn good_until_now(&self, desk: &Desk) -> Result<u64, Failure> {
        let about = Sessions {
            issuer: self.issuer.clone(),
            id: self.id.clone(),
            login: self.login.clone(),
            run: self.run.clone(),
            limit: Some(MOST_COUNTED),
        };
        let sessions = about.answer(desk).await?;
        let good = sessions.iter().filter(|session| match session.state {
            SessionState::Live | SessionState::Suspended => true,
            SessionState::Ended | SessionState::KeyRevoked | SessionState::Revoked => false,
        });
        Ok(good.count() as u64)
    }

    /// Kind, issuer and value of the revocation.
    fn target(&self) -> Result<(&'static str, &str, &str), Failure> {
        let fields = (
            self.login.as_deref(),
            self.run.as_deref(),
            self.issuer.as_deref(),
            self.id.as_deref(),
            self.all,
        );
        match fields {
            (Some(login), None, None, None, false) => match login.parse::<ShortId>() {
                Ok(_) => Ok(("login", "", login)),
                Err(error) => Err(Failure::Refused(format!("`{login}` is no login: {error}"))),
            },
            (None, Some(run), Some(issuer), None, false) => Ok(("run", issuer, run)),
            (None, None, Some(issuer), Some(id), false) => Ok(("identity", issuer, id)),
            (None, None, Some(issuer), None, false) => Ok(("issuer", issuer, "")),
            (None, None, None, None, true) => Ok(("all", "", "")),
            _ => Err(Failure::Refused(
                "say which logins to end by exactly one of: a login, a run and its issuer, an \
                 identity, an issuer, or all"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
