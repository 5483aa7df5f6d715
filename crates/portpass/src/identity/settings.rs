//! One `[issuer.*]` of the file, as the directory takes it.

use std::{path::PathBuf, time::Duration};

use super::{Described, SessionLimits};
use crate::config::{Located, Place};

/// Which platform an issuer is: a file of its own beside this one, or data.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum IssuerKind {
    /// One of those that are data.
    Described(Described),
    /// Forgejo and Codeberg.
    Forgejo,
    /// GitHub Actions: github.com, GHES and data residency.
    GithubActions,
    /// GitLab CI: gitlab.com and self-managed.
    Gitlab,
    /// Kubernetes service accounts.
    Kubernetes,
    /// Any OpenID Connect provider.
    Oidc,
}

/// What the file says of one issuer; the kind fills in the rest.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    pub name: String,
    /// The name in the table's header.
    pub at: Place,
    pub kind: Located<IssuerKind>,
    /// The platform's own address, where there is more than one of the kind.
    pub url: Option<Located<String>>,
    /// What `iss` may be, byte for byte, where the kind's own answer is not it.
    pub iss: Vec<Located<String>>,
    pub audience: Vec<Located<String>>,
    pub allow_extra_audiences: bool,
    pub owner_id: Vec<Located<String>>,
    pub owner_path: Vec<Located<String>>,
    pub repository_id: Vec<Located<String>>,
    pub namespace: Vec<Located<String>>,
    /// The identities that are accepted, by their ids.
    pub id: Vec<Located<String>>,
    /// Whether an audience is accepted that the platform chooses, not we.
    pub allow_foreign_audience: Option<Located<bool>>,
    /// Kind `oidc`: the claim that is `idp_groups`, or the way to it with dots,
    /// if not `groups`.
    pub groups_claim: Option<Located<String>>,
    /// Kind `oidc`: the claim that is the immutable id, if not `sub`.
    pub id_claim: Option<Located<String>>,
    pub algorithms: Option<Vec<Located<String>>>,
    pub session_max: Located<Duration>,
    pub session_limits: SessionLimits,
    pub max_jwt_lifetime: Option<Located<Duration>>,
    pub keys: KeySource,
    /// PEM bundle with the CA of the issuer's own server.
    pub ca: Option<Located<PathBuf>>,
    /// A bearer token sent to the issuer's own host only; read anew at each fetch.
    pub bearer_file: Option<Located<PathBuf>>,
    pub allow_private_network: bool,
    /// The findings about it that are known and meant; they change nothing.
    pub allow_lints: Vec<Located<String>>,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// OpenID discovery at the `iss` (OpenID Connect Discovery 1.0 §4).
    Discovery,
    /// A JWKS file, read again when it changes.
    File(Located<PathBuf>),
    /// A JWKS in the configuration itself.
    Inline(Located<String>),
    /// A JWKS by its address.
    Url(Located<String>),
}
