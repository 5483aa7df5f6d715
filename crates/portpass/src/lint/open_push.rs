//! A fixed name that everybody of an open platform may push to.

use super::{
    Level, Lint,
    subject::{Findings, Subject, is_pinned, says_who},
};
use crate::identity::IssuerKind;

pub(super) static LINT: Lint = Lint {
    code: "PP001",
    name: "open-push",
    level: Level::Warning,
    summary: "Whoever has a project on the platform may push to, or delete, what others use.",
    why: "The issuer has no tenant pin, the rule does not say who, and what it gives does not \
          depend on the caller. On most servers everybody with an account can make a project with \
          a protected branch, and so overwrite these images.",
    mend: "Say who: `owner_id` or `repository_id` in `when`, a pin in the issuer's table, or a \
           group; or give each caller names of their own, with a template.",
    bad: r#"
[rule.base]
from = ["gitlab"]
when = { event = "push", ref_protected = true }
push = ["base/**"]
"#,
    good: r#"
[rule.base]
from = ["gitlab"]
when = { repository_id = "74", event = "push", ref_protected = true }
push = ["base/**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        let is_open = table.rule.group.is_none()
            && table.rule.cel.is_none()
            && table.writes_what_is_shared()
            && table.ways.iter().any(|way| !says_who(way));
        if !is_open {
            continue;
        }
        for name in &table.rule.from {
            let mut issuers = table.issuers.iter();
            let issuer = issuers.find(|issuer| issuer.name == name.value);
            // Whom an identity provider lets in, its operators say.
            if issuer
                .is_some_and(|issuer| !is_pinned(issuer) && issuer.kind.value != IssuerKind::Oidc)
            {
                let message = format!(
                    "everybody that `{}` signs for may change what others use",
                    name.value
                );
                found.in_table(table, name.at, message);
            }
        }
    }
}
