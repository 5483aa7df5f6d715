//! Beside an identity provider that people already run.
//!
//! A relay stands where a shim stood between registries and a provider: the
//! caller passes one of our issuers first ([`Caller`]), the provider is asked for
//! a token (`provider`), and that token is passed on as it came
//! ([`PassedToken`]) or says who somebody is, for a token of ours (`resign`).
//!
//! ```text
//! credential → caller → provider → passed  → audit → http
//!                                ↘ resign → decision → token → audit → http
//! ```

mod caller;
mod fault;
mod passed;
mod provider;
mod resign;
mod seal;
mod settings;

use std::net::IpAddr;

use scope::Scopes;

use self::provider::Provider;
pub use self::{
    caller::Caller,
    fault::{ProviderFault, TokenFault},
    passed::PassedToken,
    seal::{SealKey, Sealed},
    settings::{AccessFrom, AnonymousAs, Answering, JwtGrant, PasswordGrant, RelaySettings},
};
use crate::{
    credential::Credential,
    decision::Access,
    identity::{Circumstances, Directory, Proof},
    limits::Limits,
    refused::{Ask, Refused},
};

/// Everything that a request needs which goes through the provider.
#[derive(Debug)]
pub struct Relay {
    settings: RelaySettings,
    provider: Provider,
}

/// What a relay is asked, beside the credential.
#[derive(Clone, Copy, Debug)]
pub struct Relayed<'a> {
    /// Whose tokens are believed, the provider's among them.
    pub directory: &'a Directory,
    /// Where, when and among what else.
    pub at: &'a Circumstances<'a>,
    /// Which access is asked for.
    pub scopes: &'a Scopes,
    /// Whether a refresh token is.
    pub offline: bool,
    /// Who asks too often: looked at before the provider is asked.
    pub limits: &'a Limits,
    /// The client's address.
    pub address: IpAddr,
}

/// What the provider's word came to.
#[derive(Debug)]
pub enum Vouched {
    /// A token to be answered as it came.
    Passed(Box<PassedToken>),
    /// Somebody, for a token of ours.
    Proven(Box<Proven>),
}

/// Somebody whom the provider vouches for, or who needs no provider.
#[derive(Debug)]
pub struct Proven {
    /// Who.
    pub proof: Proof,
    /// What the provider's token gives, where its `access` decides and not our rules.
    pub access: Option<Vec<Access>>,
    /// Whether the login may outlive what was presented: only where our rules decide.
    pub may_outlive: bool,
}

impl Relay {
    /// Takes a credential to the provider, if that is where it belongs.
    ///
    /// A job's JWT passes one of our issuers first, unless the provider is trusted
    /// to look for itself; people's names and passwords go to the provider alone;
    /// secrets of ours never leave.
    ///
    /// # Errors
    ///
    /// Why there is neither a token nor a proof, with `ask` for the record.
    pub async fn vouch(
        &self,
        credential: Credential,
        request: &Relayed<'_>,
        ask: Ask,
    ) -> Result<(Vouched, Ask), Refused> {
        let _ = (&self.settings, &self.provider, credential, request, ask);
        todo!("caller → limits → provider → passed or resign")
    }
}
