//! Whose JWT it is: who signed it, and of which tenant.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{
    Directory,
    known::{Known, of_our_tenant, pinned},
};
use crate::{
    credential::UnverifiedJwt,
    identity::{
        claims::Claims,
        issuer::Issuer,
        keys::{Lookup, PublicKey},
        unproven::{Missing, Stranger, StrangerReason, Unproven},
    },
};

impl Directory {
    /// The order is that of what may be told: who signed it, and whose it is;
    /// only of somebody known what is wrong with it, which is not asked here.
    pub(super) async fn recognise(
        &self,
        jwt: &UnverifiedJwt,
        now: Timestamp,
    ) -> Result<Known<'_>, Unproven> {
        let candidates = self.candidates(jwt).map_err(Unproven::Stranger)?;
        // What one issuer's keys alone tell of a JWT stays so as long as they do.
        let set = match candidates.as_slice() {
            [only] => only.keys.set(now),
            _ => None,
        };
        if let (Some(set), [issuer]) = (&set, candidates.as_slice())
            && let Some((key, verified)) = self.kept.find(jwt, set)
        {
            return pinned(issuer, jwt.login(), key, verified).map_err(Unproven::Stranger);
        }
        let keys = match held_keys(&candidates, jwt, now) {
            held if !held.is_empty() => held,
            // Elsewhere than with what every request takes along: it may go over the network.
            _ => Box::pin(find_keys(&candidates, jwt, now)).await?,
        };
        let signers: Vec<_> = keys
            .into_iter()
            .filter_map(|(issuer, keys)| {
                let key = keys.into_iter().find(|key| signed(key, jwt))?;
                Some((issuer, key))
            })
            .collect();
        let Some((first, _)) = signers.first() else {
            let stranger = stranger(&candidates, jwt, StrangerReason::BadSignature);
            return Err(Unproven::Stranger(stranger));
        };
        let mut tenants = Vec::new();
        let mut refused = None;
        for (issuer, key) in &signers {
            match tenant(issuer, key, jwt) {
                Ok(known) => tenants.push(known),
                Err(stranger) => refused = Some(stranger),
            }
        }
        let mut tenants = tenants.into_iter();
        match (tenants.next(), tenants.next(), refused) {
            (Some(mut known), None, _) => {
                known.by = set.filter(|set| {
                    let now_held = known.issuer.keys.set(now);
                    now_held.is_some_and(|held| Arc::ptr_eq(&held, set))
                });
                Ok(known)
            }
            (None, _, Some(stranger)) => Err(Unproven::Stranger(stranger)),
            (Some(_), Some(_), _) | (None, _, None) => {
                let stranger = stranger(&[first], jwt, StrangerReason::Ambiguous);
                Err(Unproven::Stranger(stranger))
            }
        }
    }

    /// The issuers whose `iss` it is, byte for byte, and that sign like this.
    pub(super) fn candidates(&self, jwt: &UnverifiedJwt) -> Result<Vec<&Issuer>, Stranger> {
        let mut candidates: Vec<&Issuer> = self
            .issuers
            .iter()
            .map(|issuer| &**issuer)
            .filter(|issuer| issuer.iss.iter().any(|iss| iss == jwt.issuer()))
            .collect();
        if candidates.is_empty() {
            return Err(stranger(&[], jwt, StrangerReason::UnknownIssuer));
        }
        let named = candidates.clone();
        candidates.retain(|issuer| issuer.kind.accepts(jwt.typ()));
        if candidates.is_empty() {
            return Err(stranger(&named, jwt, StrangerReason::Type));
        }
        candidates.retain(|issuer| issuer.accepts_algorithm(jwt));
        if candidates.is_empty() {
            return Err(stranger(&named, jwt, StrangerReason::Algorithm));
        }
        Ok(candidates)
    }
}

/// Candidates, each with its keys that could have made a signature.
type Signers<'a> = Vec<(&'a Issuer, Vec<Arc<PublicKey>>)>;

/// Those that are held.
fn held_keys<'a>(candidates: &[&'a Issuer], jwt: &UnverifiedJwt, now: Timestamp) -> Signers<'a> {
    let held = |issuer: &&'a Issuer| {
        let keys = issuer.keys.held(jwt.kid(), jwt.algorithm(), now)?;
        Some((*issuer, keys))
    };
    candidates.iter().filter_map(held).collect()
}

/// Those that the issuers are asked for.
async fn find_keys<'a>(
    candidates: &[&'a Issuer],
    jwt: &UnverifiedJwt,
    now: Timestamp,
) -> Result<Signers<'a>, Unproven> {
    let lookups = candidates.iter().map(|issuer| async move {
        let lookup = issuer.keys.find(jwt.kid(), jwt.algorithm(), now).await;
        (*issuer, lookup)
    });
    let mut found = Vec::new();
    let mut unavailable = None;
    for (issuer, lookup) in join_all(lookups).await {
        match lookup {
            Lookup::Found(keys) => found.push((issuer, keys)),
            Lookup::Unavailable(reason) => unavailable = Some((issuer, reason)),
            Lookup::Unknown => {}
        }
    }
    match unavailable {
        Some((issuer, reason)) if found.is_empty() => Err(Unproven::Unavailable {
            what: Missing::Keys,
            issuer: Some(Arc::clone(&issuer.name)),
            login: Some(jwt.login()),
            reason,
        }),
        None if found.is_empty() => {
            let stranger = stranger(candidates, jwt, StrangerReason::UnknownKey);
            Err(Unproven::Stranger(stranger))
        }
        Some(_) | None => Ok(found),
    }
}

fn signed(key: &PublicKey, jwt: &UnverifiedJwt) -> bool {
    key.verifies(jwt.algorithm(), jwt.signing_input(), jwt.signature())
}

/// Reads the claims and compares the tenant.
fn tenant<'a>(
    issuer: &'a Issuer,
    key: &PublicKey,
    jwt: &UnverifiedJwt,
) -> Result<Known<'a>, Stranger> {
    let key = Arc::clone(key.id());
    of_our_tenant(issuer, jwt.login(), key, Claims::parse(jwt.payload()))
}

/// A stranger; the issuer is named if there is no doubt which it would be.
fn stranger(issuers: &[&Issuer], jwt: &UnverifiedJwt, reason: StrangerReason) -> Stranger {
    let issuer = match issuers {
        [only] => Some(Arc::clone(&only.name)),
        _ => None,
    };
    Stranger {
        issuer,
        login: Some(jwt.login()),
        reason,
        detail: None,
    }
}
