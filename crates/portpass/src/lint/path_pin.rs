//! Tenants that are pinned by their paths.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};

pub(super) static LINT: Lint = Lint {
    code: "PP018",
    name: "path-pin",
    level: Level::Note,
    summary: "An issuer's tenants are pinned by path, and by no id.",
    why: "A group that is renamed or deleted gives its path up, and whoever takes it next is let \
          in as the old one.",
    mend: "List the ids in `owner_id`, beside the paths or in their place.",
    bad: r#"
[issuer.gitlab]
kind       = "gitlab"
url        = "https://gitlab.example.com"
audience   = ["registry.example.com"]
owner_path = ["acme"]
"#,
    good: r#"
[issuer.gitlab]
kind     = "gitlab"
url      = "https://gitlab.example.com"
audience = ["registry.example.com"]
owner_id = ["72"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for issuer in &subject.config.issuers {
        let ids = [&issuer.id, &issuer.owner_id, &issuer.repository_id];
        let has_id = ids.into_iter().any(|pin| !pin.is_empty());
        if let Some(path) = issuer.owner_path.first().filter(|_| !has_id) {
            let message = "paths can change hands";
            found.in_issuer(issuer, path.at, message);
        }
    }
}
