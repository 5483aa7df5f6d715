//! `claims.sub` of a code host.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};

pub(super) static LINT: Lint = Lint {
    code: "PP003",
    name: "raw-sub",
    level: Level::Warning,
    summary: "A `cel` compares the `sub` of a code host.",
    why: "The form of `sub` differs by the age of the repository and by whether there is an \
          environment, holds names that change hands, and can be set anew by a repository's \
          administrators: what matched yesterday need not tomorrow, and the reverse.",
    mend: "Compare the facts: `repository_id`, `owner_id`, `ref`, `environment`, `event`.",
    bad: r#"
[rule.web]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
cel  = 'claims.sub == "repo:acme/web:ref:refs/heads/main"'
push = ["prod/web"]
"#,
    good: r#"
[rule.web]
from = ["github"]
when = { repository_id = "74", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.tables() {
        let mut issuers = table.issuers.iter();
        if let Some(cel) = &table.rule.cel
            && issuers.any(|issuer| issuer.kind.value.is_code_host())
            && table.names_claim("sub")
        {
            found.in_table(
                table,
                cel.at,
                "the form of `sub` is not one that a rule can hold to",
            );
        }
    }
}
