//! The configuration of every case, and what a case may have otherwise.

use portpass::{audit::Keep, limits::Rates};

/// The rules of every case. The names of rules, and what they want, are words
/// that stand nowhere else, so that a refusal that tells them is found.
pub(super) const RULES: &str = r#"
    [match.bergamot]
    event = ["push", "tag"]
    ref_protected = true

    [rule.quince]
    from = ["github", "gitlab"]
    when = { match = "bergamot" }
    push = ["apps/{issuer}/{repository}"]

    [rule.medlar]
    from = ["github", "gitlab"]
    pull = ["apps/**", "base/**"]

    [rule.public]
    anonymous = true
    pull = ["public/**"]

    [rule.sloe]
    from = ["github"]
    when = { match = "bergamot", environment = "sanctum" }
    delete = ["apps/{issuer}/{repository}"]

    [rule.damson]
    from = ["github"]
    when = { environment = "strongroom" }
    catalog = true

    [rule.loquat]
    from = ["github"]
    when = { ref = "refs/heads/gold", event = ["push", "tag"] }
    push = ["gold/web"]

    [rule.rowan]
    from = ["cluster-a", "cluster-b"]
    push = ["pods/{issuer}/{namespace}/{service_account}"]

    [deny.citron]
    pull = ["apps/github/acme/secret"]
"#;

/// What no refusal may tell: names of rules, and the values that they want.
pub(super) const UNTOLD: [&str; 12] = [
    "bergamot",
    "quince",
    "medlar",
    "sloe",
    "sanctum",
    "damson",
    "strongroom",
    "loquat",
    "deny.",
    "rowan",
    "citron",
    "rule.",
];

/// What a case wants otherwise.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// More rules, after those of every case.
    pub(super) rules: &'static str,
    /// More keys in the table of the issuer `github`.
    pub(super) github: &'static str,
    /// More keys in the tables of the other issuers.
    pub(super) others: &'static str,
    pub(super) rates: Rates,
    pub(super) keep: Keep,
    /// Whether GitHub's keys are held before the first request.
    pub(super) has_keys: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            rules: "",
            github: "",
            others: "",
            rates: Rates {
                identity_per_minute: 100_000,
                unproven_per_minute: 100_000,
            },
            // Every refusal is to be seen.
            keep: Keep {
                strangers: 1000,
                anonymous: 1000,
            },
            has_keys: true,
        }
    }
}
