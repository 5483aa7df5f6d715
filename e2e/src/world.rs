//! The usual set-up of a test: an issuer, Portpass with a few rules, and one registry that trusts it.

use anyhow::Result;

use crate::{
    issuer::Issuer,
    portpass::{Draft, Portpass, issuer_tables_with, registry_table},
    registry::{Kind, Registry},
};

/// The registry's `service`, and the audience of the JWTs.
pub const SERVICE: &str = "registry.test";

/// Everyone pushes to a namespace of their own and pulls from it; nobody pulls from anywhere else.
pub const OWN_NAMESPACE: &str = r#"
[rule.own-namespace]
from = ["github", "gitlab"]
when = { event = ["push", "tag"], ref = "refs/heads/main" }
push = ["apps/{issuer}/{repository}"]
"#;

/// An issuer, Portpass and a registry, each in a process of its own.
#[derive(Debug)]
pub struct World {
    /// Where JWTs come from.
    pub issuer: Issuer,
    /// The server under test.
    pub portpass: Portpass,
    /// Where images go.
    pub registry: Registry,
}

impl World {
    /// Starts everything, with these rules and the registry's usual profile.
    pub fn start(kind: Kind, rules: &str) -> Result<Self> {
        Self::start_with(kind, "", rules)
    }

    /// As [`World::start`], with more lines in the tables of the issuers.
    pub fn start_with(kind: Kind, issuer_lines: &str, rules: &str) -> Result<Self> {
        let issuer = Issuer::start()?;
        let tables = tables_with(&issuer, kind, issuer_lines, rules)?;
        let portpass = Draft::new(&tables)?.serve()?;
        let trust = match kind {
            Kind::V28 | Kind::V30 | Kind::V31 => portpass.ca()?,
            Kind::Zot => portpass.trust("main")?,
        };
        let registry = Registry::start(kind, &portpass.auth(SERVICE, trust))?;
        Ok(Self {
            issuer,
            portpass,
            registry,
        })
    }
}

/// One job that asks for thousands of tokens is what some tests are about.
const LIMITS: &str = "
[limits]
requests_per_identity_per_minute = 1_000_000
";

/// The tables of [`World::start`], for a test that changes them later.
pub fn tables(issuer: &Issuer, kind: Kind, rules: &str) -> Result<String> {
    tables_with(issuer, kind, "", rules)
}

/// As [`tables`], with more lines in the tables of the issuers.
pub fn tables_with(issuer: &Issuer, kind: Kind, issuer_lines: &str, rules: &str) -> Result<String> {
    let profile = match kind {
        Kind::V28 | Kind::V30 | Kind::V31 => "x5c",
        Kind::Zot => "pinned",
    };
    let registry = registry_table("main", SERVICE, kind.config(), profile, "ES256");
    let issuers = issuer_tables_with(issuer, SERVICE, issuer_lines)?;
    Ok(registry + &issuers + LIMITS + rules)
}
