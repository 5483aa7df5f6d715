//! Whether a token is the provider's, by its keys.

use super::{ProviderFault, Relay, Relayed, TokenFault};
use crate::{config::SecretText, credential::Credential, identity::Unproven};

impl Relay {
    /// Verifies a token as one of the issuer that the provider is here.
    pub(super) async fn verify(
        &self,
        provider: &str,
        token: &SecretText,
        request: &Relayed<'_>,
    ) -> Result<(), ProviderFault> {
        let jwt = token
            .expose()
            .parse()
            .map_err(|_fault| TokenFault::Unverified)?;
        match request
            .directory
            .prove(Credential::Jwt(jwt), request.at)
            .await
        {
            Ok(proof) if proof.identity().issuer() == provider => Ok(()),
            Err(Unproven::Unavailable { reason, .. }) => Err(ProviderFault::Unavailable { reason }),
            Ok(_) | Err(Unproven::Rejected(_) | Unproven::Stranger(_)) => {
                Err(TokenFault::Unverified.into())
            }
        }
    }
}
