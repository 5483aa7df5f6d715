//! Whether a token is the provider's, by its keys.

use super::{ProviderFault, Relay, Relayed, TokenFault};
use crate::{
    config::SecretText,
    credential::Credential,
    identity::{RejectReason, Rejected, Unproven},
};

impl Relay {
    /// Verifies a token as one of the issuer that the provider is here: its keys,
    /// `iss`, audience and times are judged where every JWT's are.
    pub(super) async fn verify(
        &self,
        provider: &str,
        token: &SecretText,
        request: &Relayed<'_>,
    ) -> Result<(), ProviderFault> {
        let jwt = token.expose().parse();
        let jwt = jwt.map_err(|_fault| TokenFault::Unverified)?;
        match request
            .directory
            .prove(Credential::Jwt(jwt), request.at)
            .await
        {
            Ok(proof) if proof.identity().issuer() == provider => Ok(()),
            Err(Unproven::Rejected(rejected)) if rejected.identity.issuer() == provider => {
                Err(fault(&rejected).into())
            }
            Err(Unproven::Unavailable { reason, .. }) => Err(ProviderFault::Unavailable { reason }),
            Ok(_) | Err(Unproven::Rejected(_) | Unproven::Stranger(_)) => {
                Err(TokenFault::Unverified.into())
            }
        }
    }
}

/// What is wrong with a token that the provider did make.
fn fault(rejected: &Rejected) -> TokenFault {
    match rejected.reason {
        RejectReason::AudienceMissing
        | RejectReason::AudienceShared { .. }
        | RejectReason::AudienceWrong { .. } => TokenFault::Audience,
        RejectReason::Expired { .. }
        | RejectReason::IssuedInFuture { .. }
        | RejectReason::NotYetValid { .. }
        | RejectReason::SessionEnded { .. }
        | RejectReason::TimeMalformed { .. }
        | RejectReason::TokenExpired { .. }
        | RejectReason::TooLongLived { .. } => TokenFault::Expired,
        RejectReason::IssuerRemoved
        | RejectReason::KeyEnded
        | RejectReason::OtherNetwork
        | RejectReason::OtherRegistry
        | RejectReason::Revoked
        | RejectReason::SessionUses
        | RejectReason::Suspended
        | RejectReason::TokenRevoked => TokenFault::Unverified,
    }
}
