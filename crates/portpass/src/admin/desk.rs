//! One operator's request: who asks, when, and the ways to answer.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use super::{Changed, actor::Actor, failure::Failure, host::Admin};
use crate::{
    audit::operator_event,
    config::{closest, instead},
    identity::{IssuerKind, TOKEN},
    snapshot::Snapshot,
    store::{Act, Change, EventRow, RowFilter, Store},
};

/// One operator's request, on its way to an answer.
#[derive(Debug)]
pub struct Desk {
    pub(super) admin: Admin,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) snapshot: Arc<Snapshot>,
}

/// What an operator does, as its event says it.
pub(super) struct Deed<'a> {
    /// What is done, in the words of the command.
    pub(super) action: &'static str,
    /// The issuer, and the id under it, that it is about.
    pub(super) about: (Option<&'a str>, Option<&'a str>),
    /// The rest.
    pub(super) detail: Value,
}

impl Desk {
    pub(super) fn new(admin: Admin, actor: Actor) -> Self {
        Self {
            now: admin.host.now(),
            snapshot: admin.host.snapshot(),
            actor,
            admin,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.admin.store
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.now.as_millisecond()
    }

    /// Carries out acts with their event, and puts them into force.
    pub(super) async fn act(&self, deed: Deed<'_>, acts: &[Act]) -> Result<Changed, Failure> {
        let rows = self.store().act(acts, &self.event(&deed)).await?;
        if rows > 0 {
            let refreshed = self.admin.host.refresh().await;
            refreshed
                .context("the change is stored, and this server has not read it yet")
                .map_err(Failure::Broken)?;
        }
        Ok(Changed { changed: rows > 0 })
    }

    /// Records a deed that changes nothing in the store.
    pub(super) async fn record(&self, deed: Deed<'_>) -> Result<(), Failure> {
        let event = Change::from(self.event(&deed));
        Ok(self.store().write_events(&[event]).await?)
    }

    fn event(&self, deed: &Deed<'_>) -> EventRow {
        let (issuer, identity) = deed.about;
        let actor = self.actor.to_string();
        EventRow {
            issuer: issuer.map(str::to_owned),
            identity: identity.map(str::to_owned),
            ..operator_event(&actor, deed.action, &deed.detail, self.now)
        }
    }

    /// The kind of a configured issuer.
    pub(super) fn issuer(&self, name: &str) -> Result<IssuerKind, Failure> {
        if name == TOKEN {
            return Err(Failure::Refused(
                "an API token is in the one group that it was made for, and nowhere else"
                    .to_owned(),
            ));
        }
        let issuers = || self.snapshot.directory.issuers();
        let found = issuers().find(|(known, _)| *known == name);
        found.map(|(_, kind)| kind).ok_or_else(|| {
            let known = issuers().map(|(known, _)| known);
            let hint = instead(name, known);
            Failure::Unknown(format!("there is no issuer `{name}`{hint}"))
        })
    }

    /// Checks that an issuer could prove an identity of this id, ever.
    pub(super) fn check_identity(&self, issuer: &str, id: &str) -> Result<IssuerKind, Failure> {
        let kind = self.issuer(issuer)?;
        if kind.may_have_id(id) {
            return Ok(kind);
        }
        Err(Failure::Refused(format!(
            "`{}` is never an id of issuer `{issuer}`, where it is {}",
            id.escape_debug(),
            kind.id_form()
        )))
    }

    /// Checks that operators keep a group.
    pub(super) fn check_group(&self, name: &str) -> Result<(), Failure> {
        let policy = &self.snapshot.policy;
        if policy.operators_groups().any(|known| known == name) {
            return Ok(());
        }
        if policy.file_groups().any(|known| known == name) {
            return Err(Failure::Refused(format!(
                "group `{name}` is kept in the file; change `members` of [group.{name}] there, or \
                 let operators keep it with `operators = true`"
            )));
        }
        let way_out = match closest(name, policy.operators_groups()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it with `operators = true` in [group.{name}]"),
        };
        Err(Failure::Unknown(format!(
            "there is no group `{}`; {way_out}",
            name.escape_debug()
        )))
    }

    /// What people know an identity by, if it was ever proven.
    pub(super) async fn name_of(&self, issuer: &str, id: &str) -> Result<Option<String>, Failure> {
        let filter = RowFilter {
            issuer: Some(issuer.to_owned()),
            identity: Some(id.to_owned()),
            limit: 1,
            ..RowFilter::default()
        };
        let rows = self.store().identities(&filter).await?;
        Ok(rows.into_iter().next().map(|row| row.name))
    }
}

/// A time of the store.
pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
