//! Which fixture, and what is different in it.

use serde_json::Value;

/// Which fixture of an issuer's platform is to be signed, and what is different in it.
///
/// `iss`, `aud` and the tenant are the issuer's, unless they are set.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct FixtureOrder {
    /// The issuer's name in the configuration.
    pub issuer: String,
    /// The situation; the platform's usual one, if none is named.
    pub fixture: Option<String>,
    /// Claims, paths into them or words of rules, and what they are set to.
    pub set: Vec<(String, Value)>,
    /// Claims that are taken away.
    pub remove: Vec<String>,
    /// The operators' groups that the identity is in.
    pub groups: Vec<String>,
}
