//! From the provider's token to a proof, for a token of ours.

use super::{Caller, Proven, ProviderFault, Relay, Relayed, provider::ProviderToken};

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
    ) -> Result<Proven, ProviderFault> {
        let _ = (caller, token, request);
        todo!("verify, merge")
    }
}
