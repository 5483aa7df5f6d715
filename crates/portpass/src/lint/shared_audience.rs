//! An audience that JWTs for others have too.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::identity::IssuerSettings;

pub(super) static LINT: Lint = Lint {
    code: "PP011",
    name: "shared-audience",
    level: Level::Warning,
    summary: "JWTs that were made out to another service are accepted here.",
    why: "A job hands its JWT to every service that it logs in to. Each of those can present it \
          here, if the audience is the same, and so can whoever breaks into one.",
    mend: "Use a word that is this registry's alone, such as its host name, and have jobs ask for \
           a JWT with it.",
    bad: r#"
[issuer.github]
kind     = "github-actions"
audience = ["https://github.com/acme"]
owner_id = ["65"]
"#,
    good: r#"
[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
"#,
    find,
};

/// What well-known services ask for, and what platforms sign unless asked.
const OTHERS: [&str; 14] = [
    "api://AzureADTokenExchange",
    "crates.io",
    "kubernetes",
    "npm:registry.npmjs.org",
    "octo-sts.dev",
    "pypi",
    "rubygems.org",
    "sigstore",
    "sts.amazonaws.com",
    "testpypi",
    "vault",
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc.cluster.local",
    "https://vault",
];

/// What the audiences begin with that platforms sign unless asked, by the
/// customer's name.
const BEGINNINGS: [&str; 4] = [
    "//iam.googleapis.com/",
    "ari:cloud:bitbucket::workspace/",
    "https://buildkite.com/",
    "https://github.com/",
];

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for issuer in &subject.config.issuers {
        for audience in &issuer.audience {
            if is_anothers(&audience.value, issuer) {
                let message = format!("JWTs for others are made out to `{}` too", audience.value);
                found.in_issuer(issuer, audience.at, message);
            }
        }
        if let Some(foreign) = issuer
            .allow_foreign_audience
            .as_ref()
            .filter(|key| key.value)
        {
            let message = "the platform makes every JWT out to the same service, and not to us";
            found.in_issuer(issuer, foreign.at, message);
        }
        if issuer.allow_extra_audiences {
            let message = "a JWT may be made out to others beside us, who can present it here";
            found.in_issuer(issuer, issuer.at, message);
        }
    }
}

fn is_anothers(audience: &str, issuer: &IssuerSettings) -> bool {
    let own = issuer.iss.iter().chain(&issuer.url);
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    OTHERS.contains(&audience)
        || BEGINNINGS.iter().any(|start| audience.starts_with(start))
        || own
            .into_iter()
            .any(|own| plain(&own.value) == plain(audience))
}
