//! From the provider's token to a proof, for a token of ours.

use super::{
    AccessFrom, Answering, Caller, Proven, ProviderFault, Relay, Relayed, TokenFault,
    passed::access_of, provider::ProviderToken, stopped::Unusable,
};
use crate::{
    config::SecretText,
    credential::Credential,
    decision::Access,
    identity::{Proof, Unproven},
    relay::Sealed,
    short_id::ShortId,
};

impl Relay {
    /// Verifies the provider's token as one of the issuer that `provider` names,
    /// and makes a proof of it and of what the caller has proven already:
    ///
    /// - a job, or nobody, stays who it is, with the facts `user` and `idp_groups`
    ///   of the token, until the sooner of both ends;
    /// - a person, and a job whom only the provider knows, is the token's subject.
    pub(super) async fn resign(
        &self,
        caller: Caller,
        token: ProviderToken,
        request: &Relayed<'_>,
    ) -> Result<Proven, Unusable> {
        let verify = |login| self.verify(self.provider_name(), &token.access_token, login, request);
        let (proof, access) = match caller {
            Caller::Job {
                proof: Some(proof), ..
            } => {
                let provider = verify(None).await?;
                let access = self.access(&provider)?;
                let is_its_own = provider.identity() == proof.identity();
                let proof = if is_its_own {
                    *proof
                } else {
                    proof.vouched_by(&provider)
                };
                (proof, access)
            }
            Caller::Job {
                proof: None, login, ..
            } => {
                let provider = verify(Some(login)).await?;
                let access = self.access(&provider)?;
                (provider, access)
            }
            Caller::Person(_) => {
                let login = ShortId::random().map_err(|_exhausted| no_randomness())?;
                let provider = verify(Some(login)).await?;
                let access = self.access(&provider)?;
                let sealed = match token.refresh_token.as_ref().filter(|_| request.offline) {
                    Some(secret) if self.decides_by_rules() => Some(self.seal(login, secret)?),
                    Some(_) | None => None,
                };
                (provider.with_password(sealed), access)
            }
            Caller::Nobody | Caller::Own(_) | Caller::Returning { .. } => {
                let provider = verify(None).await?;
                let access = self.access(&provider)?;
                let nobody = request.directory.prove(Credential::Anonymous, request.at);
                (nobody.await?.vouched_by(&provider), access)
            }
        };
        Ok(Proven {
            proof,
            access,
            may_outlive: self.decides_by_rules(),
        })
    }

    /// The issuer that the provider is here. Nothing is signed anew without one,
    /// which the configuration sees to; no issuer has an empty name.
    pub(super) fn provider_name(&self) -> &str {
        self.settings.provider.as_deref().unwrap_or_default()
    }

    /// Whether our own rules decide on access.
    pub(super) fn decides_by_rules(&self) -> bool {
        self.settings.answering == Answering::Resign(AccessFrom::Rules)
    }

    /// Seals what the provider gave for coming back, for one login.
    pub(super) fn seal(&self, login: ShortId, secret: &SecretText) -> Result<Sealed, Unusable> {
        let key = self.seal_key.get().ok_or_else(no_key)?;
        let sealed = key.seal(&purpose(login), secret.expose());
        sealed.map_err(|_exhausted| no_randomness())
    }

    /// The token's `access`, where that is what decides.
    fn access(&self, provider: &Proof) -> Result<Option<Vec<Access>>, TokenFault> {
        if self.decides_by_rules() {
            return Ok(None);
        }
        let access = access_of(provider.claims()).ok_or(TokenFault::Unreadable)?;
        Ok(Some(access))
    }
}

/// What a provider's refresh token is sealed for: one login, and no other.
pub(super) fn purpose(login: ShortId) -> String {
    format!("session {login}")
}

/// The key is opened before the first request is served.
pub(super) fn no_key() -> Unusable {
    Unusable::Fault(ProviderFault::Unavailable {
        reason: "the session key is not open".to_owned(),
    })
}

fn no_randomness() -> Unusable {
    Unusable::Unproven(Unproven::unavailable(
        "no random bytes are to be had".to_owned(),
    ))
}
