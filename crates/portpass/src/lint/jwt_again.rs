//! JWTs that are accepted after they expired.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};

pub(super) static LINT: Lint = Lint {
    code: "PP020",
    name: "jwt-again",
    level: Level::Note,
    summary: "`accept_jwt_again` takes a JWT that has expired.",
    why: "A JWT that leaks into a log is worth something until its session ends, and not for the \
          five minutes that its platform meant.",
    mend: "Use clients that keep the refresh token (docker, buildx), or log in again right before \
           the push; else say `session_same_network` or `session_max_uses` beside it.",
    bad: r#"
[issuer.github]
kind             = "github-actions"
audience         = ["registry.example.com"]
owner_id         = ["65"]
accept_jwt_again = true
"#,
    good: r#"
[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for issuer in &subject.config.issuers {
        if issuer.session_limits.accept_jwt_again {
            let message = "a JWT is accepted until its session ends, also when it has expired";
            found.in_issuer(issuer, issuer.at, message);
        }
    }
}
