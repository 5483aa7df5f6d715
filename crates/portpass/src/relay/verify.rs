//! Whether a token is the provider's, by its keys, and whom it is about.

use super::{ProviderFault, Relay, Relayed, TokenFault, passed::claims_of, stopped::Unusable};
use crate::{
    config::SecretText,
    identity::{Proof, RejectReason, Rejected, Unproven},
    short_id::ShortId,
};

impl Relay {
    /// Verifies a token as one of the issuer that the provider is here: its keys,
    /// `iss`, audience and times are judged where every JWT's are. `login` is the
    /// one that it was given for, if not one of its own.
    pub(super) async fn verify(
        &self,
        provider: &str,
        token: &SecretText,
        login: Option<ShortId>,
        request: &Relayed<'_>,
    ) -> Result<Proof, Unusable> {
        if claims_of(token.expose()).is_none() {
            return Err(TokenFault::Unreadable.into());
        }
        let jwt = token.expose().parse();
        let jwt = jwt.map_err(|_fault| TokenFault::Unverified)?;
        let vouched = request
            .directory
            .vouched(provider, &jwt, login, request.at)
            .await;
        match vouched {
            Ok(proof) => Ok(proof),
            // What an operator ended is not the provider's fault.
            Err(Unproven::Rejected(rejected)) if rejected.reason == RejectReason::Revoked => {
                Err(Unusable::Unproven(Unproven::Rejected(rejected)))
            }
            Err(Unproven::Rejected(rejected)) => Err(fault(&rejected).into()),
            Err(Unproven::Unavailable { reason, .. }) => {
                Err(ProviderFault::Unavailable { reason }.into())
            }
            Err(Unproven::Stranger(_)) => Err(TokenFault::Unverified.into()),
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
        | RejectReason::ProviderEnded
        | RejectReason::Revoked
        | RejectReason::SessionUses
        | RejectReason::Suspended
        | RejectReason::TokenRevoked
        | RejectReason::Unsealed => TokenFault::Unverified,
    }
}
