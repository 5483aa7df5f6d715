//! Who is to be presented to the provider, and who needs no provider.

use crate::{config::SecretText, credential::Password, identity::Proof, session::Session};

/// Whom a credential makes of its bearer, before the provider is asked.
#[derive(Debug)]
pub enum Caller {
    /// A job with a JWT; proven by an issuer of ours, unless the provider is trusted.
    Job {
        /// Who it is, if that was asked.
        proof: Option<Box<Proof>>,
        /// The JWT, as it came.
        jwt: SecretText,
    },
    /// Somebody without a credential.
    Nobody,
    /// Somebody whom we know by ourselves: an API token, a job's refresh token.
    Own(Box<Proof>),
    /// A person with a name and a password.
    Person(Password),
    /// A person with a refresh token of ours, behind which is one of the provider.
    Returning {
        /// Who it was.
        proof: Box<Proof>,
        /// The login it goes on.
        session: std::sync::Arc<Session>,
    },
}
