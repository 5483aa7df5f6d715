//! `[relay]` of the file, or the variables of the shim that we stand in for.

use std::{path::PathBuf, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::SecretText;

/// How the provider is asked, and what becomes of its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelaySettings {
    /// Where it gives tokens (RFC 6749 §3.2).
    pub token_url: String,
    /// PEM of the CA of its server, if not a public one.
    pub ca: Option<Vec<u8>>,
    /// Whether its address may be a private one.
    pub allow_private_network: bool,
    /// As whom we ask.
    pub client_id: String,
    /// With which secret, if the client has one.
    pub client_secret: Option<SecretText>,
    /// The scope that is asked for beside docker's.
    pub scope: Option<String>,
    /// The issuer of ours that its tokens are of: with its keys they are verified.
    pub provider: Option<Arc<str>>,
    /// What is answered.
    pub answering: Answering,
    /// How a job's JWT is sent.
    pub jwt_grant: JwtGrant,
    /// How a person's name and password are sent.
    pub password_grant: PasswordGrant,
    /// A user name under which a password must be a JWT.
    pub jwt_username: Option<String>,
    /// As whom callers without a credential are presented, if at all.
    pub anonymous: Option<AnonymousAs>,
    /// Whether the provider alone says whose JWTs are good.
    pub trust_provider: bool,
    /// What cookies and the provider's refresh tokens are sealed with; made and
    /// kept in the data folder if not given.
    pub session_key: Option<SecretText>,
    /// Whether any `service` is taken: the shim knew no registries.
    pub any_service: bool,
}

/// What is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answering {
    /// The provider's own token.
    Passthrough,
    /// A token of ours.
    Resign(AccessFrom),
}

/// What decides on the access of a token of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessFrom {
    /// The `access` claim of the provider's token, cut to what was asked.
    Claim,
    /// Our rules.
    Rules,
}

/// How a job's JWT is sent to the provider.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
pub enum JwtGrant {
    /// As the assertion of a client (RFC 7523 §2.2), which authentik takes for a user.
    #[default]
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// As an authorization grant (RFC 7523 §2.1).
    #[serde(rename = "jwt-bearer")]
    JwtBearer,
    /// Not at all: our issuers and rules are enough.
    #[serde(rename = "none")]
    None,
}

/// How a person's name and password are sent to the provider.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum PasswordGrant {
    /// With the grant type `client_credentials`, as authentik wants it.
    #[default]
    ClientCredentials,
    /// With the grant type `password` (RFC 6749 §4.3).
    Password,
}

/// As whom callers without a credential are presented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AnonymousAs {
    /// With the JWT in a file, such as a pod's; read anew each time.
    JwtFile(PathBuf),
    /// As somebody with a password.
    User {
        /// The name.
        name: String,
        /// The password.
        password: SecretText,
    },
}
