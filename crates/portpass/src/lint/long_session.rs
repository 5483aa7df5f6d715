//! Logins and JWTs that last long.

use std::time::Duration;

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};

/// What a login lasts unless the file says otherwise.
const AN_HOUR: Duration = Duration::from_hours(1);

pub(super) static LINT: Lint = Lint {
    code: "PP010",
    name: "long-session",
    level: Level::Note,
    summary: "A login lasts more than an hour, or a JWT longer than its platform's usually do.",
    why: "Whoever finds the JWT or the refresh token in a log or in the memory of a runner can \
          use it for as long.",
    mend: "Log in again when the image is built, right before the push. If the build must hold \
           one login, say `session_same_network` or `session_max_uses` beside it.",
    bad: r#"
[issuer.github]
kind        = "github-actions"
audience    = ["registry.example.com"]
owner_id    = ["65"]
session_max = "6h"
"#,
    good: r#"
[issuer.github]
kind        = "github-actions"
audience    = ["registry.example.com"]
owner_id    = ["65"]
session_max = "1h"
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for issuer in &subject.config.issuers {
        if issuer.session_max.value > AN_HOUR {
            let message = "a login lasts more than an hour";
            found.in_issuer(issuer, issuer.session_max.at, message);
        }
        let usual = issuer.kind.value.max_jwt_lifetime();
        if let Some(life) = issuer
            .max_jwt_lifetime
            .as_ref()
            .filter(|life| life.value > usual)
        {
            let message = format!(
                "a JWT is accepted that lives longer than the {} minutes of its platform",
                usual.as_secs() / 60
            );
            found.in_issuer(issuer, life.at, message);
        }
    }
}
