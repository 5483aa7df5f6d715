//! Whom an identity provider vouches for: an issuer like any other, asked by us.

use super::{
    Circumstances, Directory,
    known::{of_our_tenant, reject},
};
use crate::{
    credential::{Secret, UnverifiedJwt},
    identity::{
        Proof, RejectReason,
        claims::Claims,
        unproven::{Stranger, StrangerReason, Unproven},
    },
    session::ProviderLogin,
    short_id::ShortId,
};

impl Directory {
    /// The subject of a token that a provider gave us, as one of its issuer's
    /// JWTs; `login` is the one that it was given for.
    ///
    /// No session is looked up: its limits are for what callers present.
    ///
    /// # Errors
    ///
    /// Why the token proves nobody, or nobody of that issuer.
    pub async fn vouched(
        &self,
        issuer: &str,
        jwt: &UnverifiedJwt,
        login: Option<ShortId>,
        at: &Circumstances<'_>,
    ) -> Result<Proof, Unproven> {
        let mut known = self.recognise(jwt, at.now).await?;
        if *known.issuer.name != *issuer {
            return Err(Unproven::stranger(StrangerReason::UnknownIssuer));
        }
        known.login = login.unwrap_or(known.login);
        known.prove_by_jwt(None, &at.moment())
    }

    /// The subject of a token that a provider gave when a login began, by its
    /// issuer's settings of today; `login` is that login.
    ///
    /// # Errors
    ///
    /// Why it cannot go on: the issuer is gone or repointed, its cap is reached,
    /// or an operator ended it.
    pub fn vouched_before(
        &self,
        provider: &ProviderLogin,
        login: ShortId,
        at: &Circumstances<'_>,
    ) -> Result<Proof, RejectReason> {
        let Some(issuer) = self.issuer(&provider.issuer) else {
            return Err(RejectReason::IssuerRemoved);
        };
        // Its claims are those of another provider, maybe: they are not read.
        if provider.binding != issuer.binding.digest {
            return Err(RejectReason::Suspended);
        }
        let claims = Claims::of(std::sync::Arc::clone(&provider.claims));
        let key = std::sync::Arc::clone(&provider.key);
        let known = of_our_tenant(issuer, login, key, claims)
            .map_err(|Stranger { .. }| RejectReason::Suspended)?;
        known.prove_by_claims(&at.moment())
    }

    /// Proves whose login a refresh token goes on, a person's too: its provider
    /// is to be asked then, before anything is given.
    ///
    /// # Errors
    ///
    /// As [`Directory::prove`].
    pub async fn prove_returning(
        &self,
        secret: &Secret,
        at: &Circumstances<'_>,
    ) -> Result<Proof, Unproven> {
        let Some(refreshable) = at.standing.refresh_token(secret.hash()).await? else {
            return Err(Unproven::stranger(StrangerReason::RefreshTokenUnknown));
        };
        self.prove_refreshable(secret.hash(), refreshable, at.registry, &at.moment())
    }

    /// The same for whoever needs no provider; a person's login ends where there
    /// is no relay any more that would ask theirs.
    pub(super) async fn prove_refresh_token(
        &self,
        secret: &Secret,
        at: &Circumstances<'_>,
    ) -> Result<Proof, Unproven> {
        let proof = self.prove_returning(secret, at).await?;
        let session = proof
            .evidence()
            .login()
            .and_then(|login| login.session.as_ref());
        match session {
            Some(session) if session.sealed.is_some() => {
                Err(reject(&proof, session.login, RejectReason::ProviderEnded))
            }
            Some(_) | None => Ok(proof),
        }
    }
}
