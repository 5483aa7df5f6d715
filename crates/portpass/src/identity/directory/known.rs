//! Whether a login of somebody known holds: in its time, or within its session.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::Directory;
use crate::{
    credential::SecretHash,
    identity::{
        Fact, Facts, Identity, Proof, RejectReason, Rejected,
        claims::{ClaimFault, Claims},
        issuer::{Issuer, Verified},
        keys::KeySet,
        unproven::{Missing, Stranger, StrangerReason, Unproven},
        validity::Life,
    },
    session::{Evidence, Login, Session, Subject},
    short_id::ShortId,
    standing::{Refreshable, Settled},
};

/// What a login is judged by, beside itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) network: &'a str,
    pub(super) settled: &'a Settled,
    pub(super) now: Timestamp,
}

/// A login whose JWT an issuer of ours signed, of a tenant that is ours; whether
/// it holds is not said.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) issuer: &'a Issuer,
    identity: Identity,
    pub(super) login: ShortId,
    key: Arc<str>,
    verified: Verified,
    /// The key set by which alone the signature was found right, just now.
    pub(super) by: Option<Arc<KeySet>>,
}

/// Reads the claims, now presented or kept since, by the settings of today.
pub(super) fn of_our_tenant(
    issuer: &Issuer,
    login: ShortId,
    key: Arc<str>,
    claims: Result<Claims, ClaimFault>,
) -> Result<Known<'_>, Stranger> {
    let verified = claims.and_then(|claims| issuer.read(claims));
    let verified = verified
        .map_err(|fault| refused(issuer, login, StrangerReason::Claims, fault.to_string()))?;
    pinned(issuer, login, key, verified)
}

/// Somebody whose claims were read, if the tenant is one of those believed.
pub(super) fn pinned(
    issuer: &Issuer,
    login: ShortId,
    key: Arc<str>,
    verified: Verified,
) -> Result<Known<'_>, Stranger> {
    if let Some(detail) = issuer.unpinned(&verified.subject.id, &verified.subject.facts) {
        return Err(refused(issuer, login, StrangerReason::NotPinned, detail));
    }
    Ok(Known {
        issuer,
        identity: Identity {
            issuer: Arc::clone(&issuer.name),
            id: Arc::clone(&verified.subject.id),
        },
        login,
        key,
        verified,
        by: None,
    })
}

fn refused(issuer: &Issuer, login: ShortId, reason: StrangerReason, detail: String) -> Stranger {
    Stranger {
        issuer: Some(Arc::clone(&issuer.name)),
        login: Some(login),
        reason,
        detail: Some(detail),
    }
}

impl Known<'_> {
    /// The id of the key that signed it.
    pub(super) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// What the claims say.
    pub(super) fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Whether it takes the session itself to judge the JWT, and not only what is
    /// remembered of it.
    pub(super) fn needs_its_session(&self, now: Timestamp) -> bool {
        self.issuer.limits.are_any()
            || (self.issuer.limits.accept_jwt_again && self.has_expired(now))
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        let outcome = self.issuer.terms.check(&self.verified.claims, now);
        matches!(outcome, Err(RejectReason::Expired { .. }))
    }

    /// The database cannot tell what there is of the login.
    pub(super) fn unavailable(&self, error: &dyn fmt::Display) -> Unproven {
        Unproven::Unavailable {
            what: Missing::Store,
            issuer: Some(Arc::clone(&self.issuer.name)),
            login: Some(self.login),
            reason: error.to_string(),
        }
    }

    /// The proof of a JWT; `session` is the one that it opened, if that is known.
    pub(super) fn prove_by_jwt(
        self,
        session: Option<Arc<Session>>,
        moment: &Moment<'_>,
    ) -> Result<Proof, Unproven> {
        let life = self
            .life_of_jwt(session.as_deref(), moment.now)
            .and_then(|life| self.judge(life, session.as_deref(), moment));
        self.conclude(life, session, moment, Evidence::Jwt)
    }

    /// The proof of claims that were verified before: everything but their age.
    pub(super) fn prove_by_claims(self, moment: &Moment<'_>) -> Result<Proof, RejectReason> {
        let life = self
            .issuer
            .terms
            .check_within(&self.verified.claims, moment.now)
            .and_then(|life| self.judge(life, None, moment))?;
        Ok(self.proof(life, None, moment, Evidence::Jwt))
    }

    /// The proof of a refresh token for a registry.
    fn prove_by_refresh_token(
        self,
        hash: &SecretHash,
        token: Refreshable,
        registry: &str,
        moment: &Moment<'_>,
    ) -> Result<Proof, Unproven> {
        let Refreshable {
            registry: for_registry,
            session,
        } = token;
        let life = if *for_registry == *registry {
            let terms = &self.issuer.terms;
            terms
                .check_within(&self.verified.claims, moment.now)
                .and_then(|life| self.judge(life, Some(&session), moment))
        } else {
            Err(RejectReason::OtherRegistry)
        };
        self.conclude(life, Some(session), moment, |login| {
            Evidence::RefreshToken {
                hash: hash.clone(),
                login,
                sealed: None,
            }
        })
    }

    /// A JWT holds in its time; after that it may go on within its session.
    fn life_of_jwt(&self, session: Option<&Session>, now: Timestamp) -> Result<Life, RejectReason> {
        let Verified { claims, .. } = &self.verified;
        match (self.issuer.terms.check(claims, now), session) {
            (Err(RejectReason::Expired { .. }), Some(session))
                if self.issuer.limits.accept_jwt_again =>
            {
                if session.binding != self.issuer.binding.digest {
                    return Err(RejectReason::Suspended);
                }
                self.issuer.terms.check_within(claims, now)
            }
            (outcome, _) => outcome,
        }
    }

    /// What may end a login that its own times would let go on.
    fn judge(
        &self,
        life: Life,
        session: Option<&Session>,
        moment: &Moment<'_>,
    ) -> Result<Life, RejectReason> {
        let ended = moment.settled.revocations.ended(&Subject {
            login: self.login,
            identity: &self.identity,
            run: self.verified.subject.facts.text(Fact::RunId),
            key: &self.key,
            is_key_published: self.issuer.keys.publishes(&self.key),
            issued: life.issued,
            expires: life.expires,
        });
        if let Some(ended) = ended {
            return Err(ended.into());
        }
        if let Some(session) = session {
            self.issuer.limits.check(session, moment.network)?;
        }
        Ok(life)
    }

    fn conclude(
        self,
        life: Result<Life, RejectReason>,
        session: Option<Arc<Session>>,
        moment: &Moment<'_>,
        evidence: impl FnOnce(Login) -> Evidence,
    ) -> Result<Proof, Unproven> {
        match life {
            Ok(life) => Ok(self.proof(life, session, moment, evidence)),
            Err(reason) => Err(Unproven::Rejected(Box::new(Rejected {
                identity: self.identity,
                name: self.verified.subject.name,
                facts: self.verified.subject.facts,
                login: self.login,
                reason,
            }))),
        }
    }

    fn proof(
        self,
        life: Life,
        session: Option<Arc<Session>>,
        moment: &Moment<'_>,
        evidence: impl FnOnce(Login) -> Evidence,
    ) -> Proof {
        let Verified { claims, subject } = self.verified;
        let binding = self.issuer.binding.digest;
        let limits = self.issuer.limits;
        Proof {
            is_bound: moment.settled.is_bound(&self.issuer.name, binding),
            is_pinned: self.issuer.is_pinned(),
            identity: self.identity,
            name: subject.name,
            facts: subject.facts,
            claims: claims.into_map(),
            login: Some(self.login),
            until: Some(life.cap),
            evidence: evidence(Login {
                binding,
                key: self.key,
                issued: life.issued,
                expires: life.expires,
                max_uses: limits.max_uses.map(std::num::NonZeroU32::get),
                is_held_to_its_network: limits.same_network,
                provider: None,
                session,
            }),
        }
    }
}

/// A rejection of somebody who was proven.
pub(super) fn reject(proof: &Proof, login: ShortId, reason: RejectReason) -> Unproven {
    Unproven::Rejected(Box::new(proof.rejected(login, reason)))
}

impl Directory {
    /// Proves whose login a refresh token goes on, as if its JWT were presented
    /// today, but for the age.
    pub(super) fn prove_refreshable(
        &self,
        hash: &SecretHash,
        token: Refreshable,
        registry: &str,
        moment: &Moment<'_>,
    ) -> Result<Proof, Unproven> {
        let session = &token.session;
        let Some(issuer) = self.issuer(session.identity.issuer()) else {
            return Err(rejected_unread(session, RejectReason::IssuerRemoved));
        };
        // Its claims are those of another platform, maybe: they are not read.
        if session.binding != issuer.binding.digest {
            return Err(rejected_unread(session, RejectReason::Suspended));
        }
        let claims = Claims::of(Arc::clone(&session.claims));
        let key = Arc::clone(&session.key);
        let known =
            of_our_tenant(issuer, session.login, key, claims).map_err(Unproven::Stranger)?;
        known.prove_by_refresh_token(hash, token, registry, moment)
    }
}

/// A rejection with what is known of a session without reading its claims.
fn rejected_unread(session: &Session, reason: RejectReason) -> Unproven {
    let mut facts = Facts::default();
    facts.set_text(Fact::Issuer, Some(session.identity.issuer()));
    facts.set_text(Fact::RunId, session.run.as_deref());
    Unproven::Rejected(Box::new(Rejected {
        identity: session.identity.clone(),
        name: session.name.clone(),
        facts,
        login: session.login,
        reason,
    }))
}
