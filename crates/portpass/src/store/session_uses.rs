//! Sessions that a batch of conditions opens and uses.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use super::{
    Conditions, SessionRow, SessionUse, StoreError, Transaction,
    batched::{Batched, Value},
    sessions::COLUMNS,
};

static OPEN: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "sessions",
        &COLUMNS,
        " ON CONFLICT DO NOTHING RETURNING login",
    )
});

static LOCK: LazyLock<Batched> =
    LazyLock::new(|| Batched::lock("login, uses, last_used_ms, sealed", "sessions", &["login"]));

static USE: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE sessions SET uses = v.column2, last_used_ms = v.column3, \
         networks = COALESCE(v.column4, sessions.networks), \
         sealed = COALESCE(v.column5, sessions.sealed) FROM (VALUES ",
        5,
        ") AS v WHERE sessions.login = v.column1",
    )
});

static TAKE_BACK: LazyLock<Batched> =
    LazyLock::new(|| Batched::new("DELETE FROM sessions WHERE login IN (VALUES ", 1, ")"));

/// The sessions that some conditions name, and what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Uses<'a> {
    of: BTreeMap<&'a str, Used<'a>>,
}

/// One session, as its use goes on.
#[derive(Clone, Debug, Default)]
struct Used<'a> {
    /// The row that holds the place of a session that was not there, with all
    /// uses counted on it as if every one stood.
    placed: Option<Cow<'a, SessionRow>>,
    /// Whether it is there, for good.
    open: bool,
    uses: i64,
    last_used_ms: i64,
    networks: Option<&'a str>,
    /// The provider's refresh token, and whether a use exchanged it.
    sealed: Option<String>,
    resealed: bool,
    /// Whether one use stands.
    changed: bool,
}

impl<'a> Uses<'a> {
    /// Opens the sessions that are not there, and reads and locks those that are.
    pub(super) async fn place(
        transaction: &mut Transaction,
        conditions: &[&'a Conditions],
    ) -> Result<Self, StoreError> {
        let mut of: BTreeMap<&str, Used<'_>> = BTreeMap::new();
        for conditions in conditions {
            if let Some(token) = &conditions.refresh_token {
                of.entry(&token.login).or_default();
            }
            if let Some(session) = &conditions.session {
                let used = of.entry(&session.login).or_default();
                used.uses += 1;
                used.last_used_ms = used.last_used_ms.max(session.used_ms);
                used.networks = session.networks.as_deref().or(used.networks);
                if let (None, Some(row)) = (&used.placed, &session.open) {
                    used.placed = Some(Cow::Borrowed(row));
                }
            }
        }
        for used in of.values_mut() {
            if let Some(row) = &mut used.placed {
                let networks = used.networks.unwrap_or(&row.networks);
                // Most sessions are opened by one use.
                if (row.uses, row.last_used_ms) != (used.uses, used.last_used_ms)
                    || row.networks != networks
                {
                    *row = Cow::Owned(SessionRow {
                        uses: used.uses,
                        last_used_ms: used.last_used_ms,
                        networks: networks.to_owned(),
                        ..SessionRow::clone(row)
                    });
                }
            }
            (used.uses, used.last_used_ms, used.networks) = (0, 0, None);
        }
        let rows = of.values().filter_map(|used| used.placed.as_ref());
        let values: Vec<Value<'_>> = rows.flat_map(|row| row.values()).collect();
        let new: Vec<(String,)> = transaction.fetch(&OPEN, &values).await?;
        let new: HashSet<&str> = new.iter().map(|(login,)| login.as_str()).collect();
        let known: Vec<Value<'_>> = of
            .keys()
            .filter(|login| !new.contains(**login))
            .map(|login| Value::from(*login))
            .collect();
        let known: Vec<(String, i64, i64, Option<String>)> =
            transaction.fetch(&LOCK, &known).await?;
        for (login, used) in &mut of {
            if new.contains(login) {
                used.sealed = used.placed.as_ref().and_then(|row| row.sealed.clone());
            } else {
                used.placed = None;
            }
        }
        for (login, uses, last_used_ms, sealed) in known {
            if let Some(used) = of.get_mut(login.as_str()) {
                (used.open, used.uses, used.last_used_ms) = (true, uses, last_used_ms);
                used.sealed = sealed;
            }
        }
        Ok(Self { of })
    }

    /// The session that is gone, used up, or opened by another use, if one of
    /// these is.
    pub(super) fn overtaken(&self, conditions: &'a Conditions) -> Option<&'a str> {
        if let Some(session) = &conditions.session {
            let login = session.login.as_str();
            let so_far = self.of.get(login).map_or(0, |used| used.uses);
            let is_used_up = session.max_uses.is_some_and(|most| so_far >= most);
            let is_gone = session.open.is_none() && !self.is_open(login);
            let is_anothers = session.opens_it && self.is_open(login);
            if is_used_up || is_gone || is_anothers {
                return Some(login);
            }
        }
        let of_token = conditions.refresh_token.as_ref()?.login.as_str();
        let of_use = conditions
            .session
            .as_ref()
            .map(|session| session.login.as_str());
        (of_use != Some(of_token) && !self.is_open(of_token)).then_some(of_token)
    }

    fn is_open(&self, login: &str) -> bool {
        self.of.get(login).is_some_and(|used| used.open)
    }

    /// Counts a use that stands; says how many there are now, and which refresh
    /// token of the provider's stands if the use exchanged it.
    pub(super) fn count(&mut self, session: &'a SessionUse) -> Option<(i64, Option<String>)> {
        let used = self.of.get_mut(session.login.as_str())?;
        used.open = true;
        used.changed = true;
        used.uses += 1;
        used.last_used_ms = used.last_used_ms.max(session.used_ms);
        used.networks = session.networks.as_deref().or(used.networks);
        let Some(exchange) = &session.sealed else {
            return Some((used.uses, None));
        };
        // Two servers may show the provider the same one at once and get one each. The
        // first to commit stays, so that all go on with the same; the other's use is as
        // good: the provider has just said that this is still its user.
        if used.sealed.as_ref() == Some(&exchange.old) {
            used.sealed = Some(exchange.new.clone());
            used.resealed = true;
        }
        Some((used.uses, used.sealed.clone()))
    }

    /// Writes what was counted, and takes back the rows of sessions that were not opened after all.
    pub(super) async fn finish(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let (mut counted, mut wrong) = (Vec::new(), Vec::new());
        for (login, used) in &self.of {
            match &used.placed {
                Some(_) if !used.changed => wrong.push(Value::from(*login)),
                Some(placed) if placed.uses == used.uses && !used.resealed => {}
                _ if !used.changed => {}
                _ => counted.extend([
                    Value::from(*login),
                    used.uses.into(),
                    used.last_used_ms.into(),
                    used.networks.into(),
                    used.sealed.as_deref().filter(|_| used.resealed).into(),
                ]),
            }
        }
        transaction.execute(&TAKE_BACK, &wrong).await?;
        transaction.execute(&USE, &counted).await?;
        Ok(())
    }
}
