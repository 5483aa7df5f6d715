//! What was read or written lately, within so many bytes.
//!
//! Only what there is is remembered, never that something is not there.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Refreshable;
use crate::{
    bounded::{Bounded, ENTRY_BYTES, Two},
    credential::SecretHash,
    identity::ApiToken,
    session::Session,
    short_id::ShortId,
    store::ApiTokenRow,
};

/// Sessions carry the claims of their JWT: about six hundred fit.
const SESSIONS_BYTES: u64 = 3 << 20;

/// Of refresh tokens, of API tokens and of owners: some four thousand of each.
const OTHERS_BYTES: u64 = 1 << 20;

/// What most of them weigh.
const SESSION_BYTES: u64 = 5 << 10;

/// What a value of JSON costs besides its text.
const VALUE_BYTES: usize = 96;

/// What was read or written since operators last changed something.
#[derive(Debug)]
pub(super) struct Memory {
    sessions: Bounded<ShortId, Arc<Session>>,
    refresh_tokens: Bounded<SecretHash, (Arc<str>, ShortId)>,
    api_tokens: Bounded<SecretHash, Arc<ApiToken>>,
    /// By registry and namespace: issuer and id.
    owners: Bounded<(String, String), (Arc<str>, Arc<str>)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            sessions: Bounded::to(SESSIONS_BYTES, SESSION_BYTES),
            refresh_tokens: Bounded::to(OTHERS_BYTES, ENTRY_BYTES as u64),
            api_tokens: Bounded::to(OTHERS_BYTES, ENTRY_BYTES as u64),
            owners: Bounded::to(OTHERS_BYTES, ENTRY_BYTES as u64),
        }
    }
}

impl Memory {
    pub(super) fn session(&self, login: ShortId) -> Option<Arc<Session>> {
        self.sessions.find(&login)
    }

    /// Remembers a session, unless one is remembered that was used more often;
    /// gives back the one that is.
    pub(super) fn keep_session(&self, session: Arc<Session>) -> Arc<Session> {
        let uses = session.uses;
        let weight = of_session(&session);
        let is_older = |kept: &Arc<Session>| kept.uses < uses;
        let login = session.login;
        self.sessions.keep(&login, session, weight, is_older)
    }

    pub(super) fn forget_session(&self, login: ShortId) {
        self.sessions.forget(&login);
    }

    pub(super) fn refreshable(&self, hash: &SecretHash) -> Option<Refreshable> {
        let (registry, login) = self.refresh_tokens.find(hash)?;
        let session = self.session(login)?;
        Some(Refreshable { registry, session })
    }

    pub(super) fn keep_refreshable(&self, hash: &SecretHash, found: Refreshable) -> Refreshable {
        let Refreshable { registry, session } = found;
        let session = self.keep_session(session);
        let weight = ENTRY_BYTES + hash.as_str().len() + registry.len();
        let kept = (Arc::clone(&registry), session.login);
        self.refresh_tokens.keep(hash, kept, weight, |_| false);
        Refreshable { registry, session }
    }

    pub(super) fn api_token(&self, hash: &SecretHash) -> Option<Arc<ApiToken>> {
        self.api_tokens.find(hash)
    }

    pub(super) fn keep_api_token(&self, hash: &SecretHash, token: &Arc<ApiToken>, weight: usize) {
        self.api_tokens
            .keep(hash, Arc::clone(token), weight, |_| false);
    }

    pub(super) fn owner(&self, registry: &str, namespace: &str) -> Option<(Arc<str>, Arc<str>)> {
        self.owners.find(&Two(registry, namespace))
    }

    pub(super) fn keep_owner(&self, registry: &str, namespace: &str, owner: &(Arc<str>, Arc<str>)) {
        let weight = ENTRY_BYTES + registry.len() + namespace.len() + owner.0.len() + owner.1.len();
        let key = (registry.to_owned(), namespace.to_owned());
        self.owners.put(key, owner.clone(), weight);
    }

    pub(super) fn forget_owner(&self, registry: &str, namespace: &str) {
        self.owners.forget(&Two(registry, namespace));
    }
}

fn of_session(session: &Session) -> usize {
    let networks: usize = session
        .networks
        .iter()
        .map(|network| network.len() + 24)
        .sum();
    let run = session.run.as_ref().map_or(0, |run| run.len());
    let provider = session.provider.as_ref().map_or(0, |provider| {
        ENTRY_BYTES
            + provider.issuer.len()
            + provider.id.len()
            + provider.key.len()
            + of_object(&provider.claims)
    });
    let sealed = session
        .sealed
        .as_ref()
        .map_or(0, |sealed| sealed.as_str().len());
    ENTRY_BYTES
        + networks
        + run
        + provider
        + sealed
        + session.name.len()
        + session.key.len()
        + of_object(&session.claims)
}

fn of_object(object: &Map<String, Value>) -> usize {
    object
        .iter()
        .map(|(key, value)| key.len() + of_value(value))
        .sum()
}

fn of_value(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(of_value).sum(),
            Value::Object(object) => of_object(object),
        }
}

/// What an API token costs; its patterns are compiled from these texts.
pub(super) fn of_api_token(row: &ApiTokenRow) -> usize {
    ENTRY_BYTES
        + 8 * (row.pull.len() + row.push.len() + row.deletes.len())
        + row.id.len()
        + row.hash.len()
        + row.name.len()
        + row.group_name.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;

    /// A session whose claims are as long as a GitHub JWT's.
    fn session(number: u32) -> Arc<Session> {
        let claim = |claim: u32| (format!("claim_{claim}"), Value::from("x".repeat(50)));
        Arc::new(Session {
            login: ShortId::of(&number.to_be_bytes()),
            identity: Identity::stored("github", "74"),
            name: "acme/web".into(),
            run: None,
            binding: ShortId::of(b"binding"),
            key: "one".into(),
            issued: jiff::Timestamp::UNIX_EPOCH,
            expires: jiff::Timestamp::UNIX_EPOCH,
            uses: 1,
            networks: ["192.0.2.0/24".to_owned()].into(),
            claims: Arc::new((0..35).map(claim).collect()),
            provider: None,
            sealed: None,
        })
    }

    #[test]
    fn memory_is_bounded_and_the_latest_logins_stay() {
        let memory = Memory::default();
        for number in 0..20_000 {
            memory.keep_session(session(number));
        }
        let (bytes, kept) = memory.sessions.size();
        assert!(bytes <= SESSIONS_BYTES);
        for number in 19_800..20_000 {
            assert!(memory.session(session(number).login).is_some(), "{number}");
        }
        assert!((400..1000).contains(&kept), "{kept}");
    }

    #[test]
    fn a_long_claim_weighs_what_it_holds() {
        let of = |value: Value| of_value(&value);
        let long = "x".repeat(5000);
        assert!(of(Value::from(long.as_str())) > 5000);
        assert!(of(serde_json::json!({ "a": [long] })) > 5000);
    }
}
