//! Where each platform publishes what: its issuer's path and its key set's.

use fixtures::Kind;
use serde_json::{Value, json};

/// Where discovery stands, below the issuer (OpenID Connect Discovery 1.0 §4).
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The name under which the control API knows the issuer of a kind.
pub(crate) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::GithubActions => "github",
        Kind::Aws
        | Kind::AzureDevops
        | Kind::Bitbucket
        | Kind::Buildkite
        | Kind::Circleci
        | Kind::Entra
        | Kind::Google
        | Kind::Harness
        | Kind::HcpTerraform
        | Kind::Jenkins
        | Kind::Semaphore
        | Kind::Spiffe
        | Kind::Forgejo
        | Kind::Gitlab
        | Kind::Kubernetes
        | Kind::Oidc => kind.name(),
    }
}

/// The path in the issuer's URL, below the platform's address.
pub(crate) const fn base(kind: Kind) -> &'static str {
    match kind {
        Kind::Forgejo => "/api/actions",
        // A GitHub Enterprise Server's: github.com's own host cannot be stood in for.
        Kind::GithubActions => "/_services/token",
        // Theirs have paths and hosts that cannot be stood in for either: `iss` says where.
        Kind::Aws
        | Kind::AzureDevops
        | Kind::Bitbucket
        | Kind::Buildkite
        | Kind::Circleci
        | Kind::Entra
        | Kind::Google
        | Kind::Harness
        | Kind::HcpTerraform
        | Kind::Jenkins
        | Kind::Semaphore
        | Kind::Spiffe
        | Kind::Gitlab
        | Kind::Kubernetes
        | Kind::Oidc => "",
    }
}

/// The key set's path, below the issuer.
pub(crate) const fn keys(kind: Kind) -> &'static str {
    match kind {
        Kind::Forgejo => "/.well-known/keys",
        Kind::Semaphore => "/.well-known/jwts",
        Kind::Aws
        | Kind::AzureDevops
        | Kind::Bitbucket
        | Kind::Buildkite
        | Kind::Circleci
        | Kind::Entra
        | Kind::Google
        | Kind::Harness
        | Kind::HcpTerraform
        | Kind::Jenkins
        | Kind::Spiffe
        | Kind::GithubActions => "/.well-known/jwks",
        Kind::Gitlab => "/oauth/discovery/keys",
        Kind::Kubernetes => "/openid/v1/jwks",
        Kind::Oidc => "/jwks.json",
    }
}

/// The discovery document.
pub(crate) fn discovery(issuer: &str, jwks_uri: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}
