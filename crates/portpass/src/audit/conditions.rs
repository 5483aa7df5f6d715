//! What must come true with an event: the session, its refresh token, the
//! namespaces, who was seen, who waits for an operator.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Origin, recorded::SessionNow, seen::Seen};
use crate::{
    answer::Answer,
    decision::Denied,
    identity::{Fact, Proof, TOKEN},
    refused::Refused,
    relay::Sealed,
    session::{Evidence, Login, Session},
    short_id::ShortId,
    store::{
        ApiTokenUse, Conditions, IdentityRow, InboxRow, NamespaceRow, RefreshTokenRow,
        SealedExchange, SessionRow, SessionUse,
    },
    token::SignedToken,
};

/// The longest that any session may last from its JWT's `iat`.
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(6);

/// How much longer its row stays, for operators and for clocks that differ.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24);

/// How many networks of a session are kept: the first, and the latest.
const NETWORKS: usize = 16;

/// The reason of refusals that an operator can help with.
const NO_RULE: &str = "no_rule";

/// What an outcome asks of the store, and what it will have made of its session.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) conditions: Conditions,
    pub(super) session: Option<SessionDraft>,
    /// The network, where the session was not used from it before.
    pub(super) new_network: Option<String>,
}

/// A session as it will be, but for how often it was used.
#[derive(Debug)]
pub(super) struct SessionDraft {
    pub(super) session: Session,
    is_known: bool,
}

impl SessionDraft {
    /// The session, once the store has said how often it was used, and which refresh
    /// token of the provider's stands if this use exchanged it.
    pub(super) fn after(self, uses: i64, sealed: Option<String>) -> SessionNow {
        let session = Session {
            uses,
            sealed: sealed.map(Sealed::of_text).or(self.session.sealed),
            ..self.session
        };
        match (self.is_known, uses) {
            (true, _) => SessionNow::Used(Arc::new(session)),
            (false, 1) => SessionNow::Opened(Arc::new(session)),
            (false, _) => SessionNow::Elsewhere(session.login),
        }
    }
}

impl Draft {
    /// What an outcome asks of the store.
    pub(super) fn of(
        outcome: &Result<Answer, Refused>,
        origin: &Origin,
        seen: &Seen,
        now: Timestamp,
    ) -> Self {
        match outcome {
            Ok(Answer::Signed(token)) => Self::of_token(token, origin, seen, now),
            Ok(Answer::Passed(token)) => Self::of_proof(token.proof(), seen, now),
            Err(Refused::Provider(unvouched)) => {
                Self::of_proof(unvouched.proof.as_ref(), seen, now)
            }
            Err(Refused::Denied(denied)) => Self {
                conditions: of_denied(denied, seen, now),
                ..Self::default()
            },
            Err(
                Refused::LimitedAddress(_)
                | Refused::LimitedIdentity { .. }
                | Refused::Nonsense(_)
                | Refused::NotARegistry
                | Refused::NotRevoked(_)
                | Refused::Sign(_)
                | Refused::Unavailable { .. }
                | Refused::Unproven { .. },
            ) => Self::default(),
        }
    }

    /// Who was seen, where no session comes of it.
    fn of_proof(proof: Option<&Proof>, seen: &Seen, now: Timestamp) -> Self {
        let identity = proof.and_then(|proof| identity(proof, seen, now));
        Self {
            conditions: Conditions {
                identity,
                ..Conditions::default()
            },
            ..Self::default()
        }
    }

    fn of_token(token: &SignedToken, origin: &Origin, seen: &Seen, now: Timestamp) -> Self {
        let proof = token.grant().proof();
        let mut draft = Self::default();
        let conditions = &mut draft.conditions;
        conditions.claims = claims(token, now);
        conditions.identity = identity(proof, seen, now);
        match proof.evidence() {
            Evidence::Anonymous | Evidence::Password { sealed: None, .. } => {}
            Evidence::ApiToken(token) => {
                let used = ApiTokenUse {
                    id: token.identity.id().to_owned(),
                    used_ms: now.as_millisecond(),
                    network: origin.network().to_owned(),
                };
                conditions.api_token = seen.is_use_due(token, now).then_some(used);
            }
            Evidence::Jwt(login)
            | Evidence::Password {
                login,
                sealed: Some(_),
            }
            | Evidence::RefreshToken { login, .. } => {
                draft.use_session(login, token, origin.network(), now);
            }
        }
        draft
    }

    fn use_session(&mut self, login: &Login, token: &SignedToken, network: &str, now: Timestamp) {
        let proof = token.grant().proof();
        let Some(id) = proof.login() else {
            return;
        };
        let is_known = login.session.is_some();
        let mut session = match &login.session {
            Some(session) => Session::clone(session),
            None => opened(id, login, proof, network),
        };
        if !session.networks.iter().any(|known| known == network) {
            let mut networks = session.networks.to_vec();
            if networks.len() >= NETWORKS {
                networks.remove(1);
            }
            networks.push(network.to_owned());
            session.networks = networks.into();
            self.new_network = Some(network.to_owned());
        }
        let networks = || text_of(&session.networks);
        self.conditions.session = Some(SessionUse {
            login: id.to_string(),
            open: (!is_known).then(|| Box::new(row_of(&session, proof, networks(), now))),
            used_ms: now.as_millisecond(),
            networks: self.new_network.is_some().then(networks),
            max_uses: login.max_uses.map(i64::from),
            opens_it: !is_known && login.is_held_to_its_network,
            sealed: proof.evidence().rotated().map(|rotated| SealedExchange {
                old: rotated.old.as_str().to_owned(),
                new: rotated.new.as_str().to_owned(),
            }),
        });
        self.conditions.refresh_token = token.refresh_token().map(|secret| RefreshTokenRow {
            hash: secret.hash().as_str().to_owned(),
            login: id.to_string(),
            registry: token.grant().registry().name.to_string(),
            created_ms: now.as_millisecond(),
        });
        self.session = Some(SessionDraft { session, is_known });
    }
}

/// A session that begins with a JWT.
fn opened(id: ShortId, login: &Login, proof: &Proof, network: &str) -> Session {
    Session {
        login: id,
        identity: proof.identity().clone(),
        name: proof.name().into(),
        run: proof.facts().text(Fact::RunId).map(Arc::from),
        binding: login.binding,
        key: Arc::clone(&login.key),
        issued: login.issued,
        expires: login.expires,
        uses: 1,
        networks: [network.to_owned()].into(),
        claims: Arc::clone(proof.all_claims()),
        provider: login.provider.clone(),
        sealed: proof.evidence().sealed().cloned(),
    }
}

fn row_of(session: &Session, proof: &Proof, networks: String, now: Timestamp) -> SessionRow {
    let ends = proof.until().unwrap_or(session.expires);
    let longest = session.expires.max(session.issued + LONGEST_SESSION);
    SessionRow {
        login: session.login.to_string(),
        issuer: session.identity.issuer().to_owned(),
        identity: session.identity.id().to_owned(),
        name: session.name.to_string(),
        run: session.run.as_deref().map(str::to_owned),
        binding: session.binding.to_string(),
        signing_key: session.key.to_string(),
        issued_ms: session.issued.as_millisecond(),
        expires_ms: session.expires.as_millisecond(),
        opened_ms: now.as_millisecond(),
        ends_ms: ends.as_millisecond(),
        prune_ms: (longest + KEPT_AFTER_END).as_millisecond(),
        last_used_ms: now.as_millisecond(),
        uses: 1,
        networks,
        claims: text_of(&*session.claims),
        provider: session
            .provider
            .as_ref()
            .map(|provider| text_of(&**provider)),
        sealed: session
            .sealed
            .as_ref()
            .map(|sealed| sealed.as_str().to_owned()),
    }
}

/// The namespaces that are nobody's yet and that the grant is for.
fn claims(token: &SignedToken, now: Timestamp) -> Vec<NamespaceRow> {
    let grant = token.grant();
    let row = |namespace: &crate::decision::Namespace| NamespaceRow {
        registry: grant.registry().name.to_string(),
        namespace: namespace.name.clone(),
        issuer: grant.proof().identity().issuer().to_owned(),
        owner: namespace.owner.clone(),
        name: grant.proof().name().to_owned(),
        since_ms: now.as_millisecond(),
    };
    grant.claims().iter().map(row).collect()
}

/// Somebody proven, unless that was written down a moment ago. API tokens have
/// a list of their own.
fn identity(proof: &Proof, seen: &Seen, now: Timestamp) -> Option<IdentityRow> {
    let identity = proof.identity();
    let is_listed = !proof.is_anonymous() && identity.issuer() != TOKEN;
    let is_due = is_listed && seen.is_identity_due(identity, proof.name(), now);
    is_due.then(|| IdentityRow {
        issuer: identity.issuer().to_owned(),
        identity: identity.id().to_owned(),
        name: proof.name().to_owned(),
        names: "[]".to_owned(),
        first_ms: now.as_millisecond(),
        last_ms: now.as_millisecond(),
    })
}

/// Who was refused, and whether it is somebody an operator may want to let in.
///
/// Only tenants that are configured by name enter the inbox: anybody can have
/// an identity at an issuer that is open to all.
fn of_denied(denied: &Denied, seen: &Seen, now: Timestamp) -> Conditions {
    let decision = denied.decision();
    let proof = decision.proof();
    let waits = denied.refusal().code() == NO_RULE
        && proof.is_pinned()
        && !proof.is_anonymous()
        && proof.identity().issuer() != TOKEN;
    Conditions {
        identity: identity(proof, seen, now),
        inbox: waits.then(|| InboxRow {
            issuer: proof.identity().issuer().to_owned(),
            identity: proof.identity().id().to_owned(),
            name: proof.name().to_owned(),
            registry: decision.registry().name.to_string(),
            asked: decision.asked().as_str().to_owned(),
            facts: text_of(proof.facts()),
            count: 1,
            first_ms: now.as_millisecond(),
            last_ms: now.as_millisecond(),
        }),
        ..Conditions::default()
    }
}

/// What a column keeps as JSON.
fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, lists and maps by texts are JSON")
}
