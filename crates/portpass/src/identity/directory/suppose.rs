//! Whom a JWT would be about, if its signature were right.

use jiff::Timestamp;

use super::{Directory, known::Moment};
use crate::{
    credential::UnverifiedJwt,
    identity::{
        Identity, Supposed, Wrong, WrongStage,
        claims::Claims,
        issuer::Issuer,
        unproven::{Stranger, StrangerReason, Unproven},
    },
    standing::Settled,
};

impl Directory {
    /// Reads a JWT and checks it as if it were presented, but for the limits of
    /// its session; no login begins.
    ///
    /// # Errors
    ///
    /// As of [`Directory::suppose`].
    pub async fn suppose_presented(
        &self,
        jwt: &UnverifiedJwt,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<Supposed, Stranger> {
        let mut supposed = self.suppose(jwt, now)?;
        let issuer = self.issuer(supposed.identity.issuer());
        supposed.is_bound =
            issuer.is_none_or(|issuer| settled.is_bound(&issuer.name, issuer.binding.digest));
        let moment = Moment {
            network: "",
            settled,
            now,
        };
        let outcome = match self.recognise(jwt, now).await {
            Ok(known) => known.prove_by_jwt(None, &moment).map(drop),
            Err(unproven) => Err(unproven),
        };
        let wrong = outcome.err().map(|unproven| Wrong::of(&unproven));
        // What is wrong with its tenant, times and audience has been said.
        supposed.wrong.extend(wrong.filter(|wrong| {
            let mut said = supposed.wrong.iter();
            said.all(|said| said.code != wrong.code)
        }));
        Ok(supposed)
    }

    /// Reads a JWT without checking its signature; nobody is asked for keys.
    ///
    /// Where several issuers have its `iss`, it is the first whose tenant it is
    /// of. What else is wrong with it stands in [`Supposed::wrong`].
    ///
    /// # Errors
    ///
    /// When it is no issuer's, or its claims are not those of its platform.
    pub fn suppose(&self, jwt: &UnverifiedJwt, now: Timestamp) -> Result<Supposed, Stranger> {
        let candidates = self.candidates(jwt)?;
        let mut read = candidates
            .into_iter()
            .map(|issuer| issuer.suppose(jwt, now));
        let first = read.next();
        let is_ours = |supposed: &Supposed| {
            supposed
                .wrong
                .iter()
                .all(|wrong| wrong.stage != WrongStage::Pin)
        };
        match first {
            Some(Ok(first)) if is_ours(&first) => Ok(first),
            first => {
                let ours = read.find(|read| read.as_ref().is_ok_and(is_ours));
                ours.or(first).unwrap_or_else(|| {
                    Err(Stranger {
                        issuer: None,
                        login: Some(jwt.login()),
                        reason: StrangerReason::UnknownIssuer,
                        detail: None,
                    })
                })
            }
        }
    }
}

impl Wrong {
    fn of(unproven: &Unproven) -> Self {
        let (code, message) = match unproven {
            Unproven::Rejected(rejected) => (rejected.reason.code(), rejected.reason.to_string()),
            Unproven::Stranger(stranger) => (stranger.reason.code(), stranger.reason.to_string()),
            Unproven::Unavailable { what, reason, .. } => {
                ("unavailable", format!("{what}: {reason}"))
            }
        };
        Self {
            stage: if code == StrangerReason::NotPinned.code() {
                WrongStage::Pin
            } else {
                WrongStage::Jwt
            },
            code,
            message,
        }
    }
}

impl Issuer {
    fn suppose(&self, jwt: &UnverifiedJwt, now: Timestamp) -> Result<Supposed, Stranger> {
        let claims = Claims::parse(jwt.payload());
        let verified = claims.and_then(|claims| self.read(claims));
        let verified = verified.map_err(|fault| Stranger {
            issuer: Some(self.name.clone()),
            login: Some(jwt.login()),
            reason: StrangerReason::Claims,
            detail: Some(fault.to_string()),
        })?;
        let unpinned = self
            .unpinned(&verified.subject.id, &verified.subject.facts)
            .map(|message| Wrong {
                stage: WrongStage::Pin,
                code: StrangerReason::NotPinned.code(),
                message,
            });
        let faults = self.terms.faults(&verified.claims, now);
        let faults = faults.into_iter().map(|reason| Wrong {
            stage: WrongStage::Jwt,
            code: reason.code(),
            message: reason.to_string(),
        });
        Ok(Supposed {
            wrong: unpinned.into_iter().chain(faults).collect(),
            identity: Identity {
                issuer: self.name.clone(),
                id: verified.subject.id,
            },
            name: verified.subject.name,
            facts: verified.subject.facts,
            claims: verified.claims.into_map(),
            login: Some(jwt.login()),
            is_recorded: false,
            is_bound: true,
        })
    }
}
