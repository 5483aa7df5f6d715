//! A name that can change hands, without the id that cannot.

use super::{
    Level, Lint,
    subject::{Findings, Subject, Table},
};
use crate::{
    decision::Way,
    identity::{Fact, IssuerSettings},
};

pub(super) static LINT: Lint = Lint {
    code: "PP002",
    name: "name-without-id",
    level: Level::Warning,
    summary: "A condition names a repository, an owner or a person, and no id.",
    why: "Names are given up, renamed and taken by others: a rule that names `acme/web` is for \
          whoever has that name today, and a deny can be left by renaming. The platform never \
          gives an id twice.",
    mend: "Add `repository_id` or `owner_id` beside the name, or in its place. For people, and for \
           accounts of bots, write a group with their ids as `members`.",
    bad: r#"
[rule.web]
from = ["github"]
when = { repository = "acme/web", event = "push", ref = "refs/heads/main" }
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

/// The names that somebody else can come to have. A namespace and its service
/// accounts are a cluster's own, and their names the ids.
const NAMES: [Fact; 5] = [
    Fact::Actor,
    Fact::Owner,
    Fact::OwnerPath,
    Fact::Repository,
    Fact::User,
];

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.tables() {
        let names = NAMES.into_iter().filter(|name| {
            let mut ways = table.ways.iter();
            ways.any(|way| way.named(*name).next().is_some() && !has_id(*name, way, table))
        });
        for name in names {
            let message = format!("`{name}` is a name, which somebody else can come to have");
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

/// Whether an id holds what the name stands for, here or in the issuers' tables.
fn has_id(name: Fact, way: &Way<'_>, table: &Table<'_>) -> bool {
    let all = |is_pinned: fn(&&IssuerSettings) -> bool| {
        !table.issuers.is_empty() && table.issuers.iter().all(is_pinned)
    };
    if name == Fact::Repository {
        way.looks_at(Fact::RepositoryId)
            || table.cel_has(&["repository_id", "project_id"])
            || all(|issuer| !issuer.repository_id.is_empty() || !issuer.id.is_empty())
    } else if matches!(name, Fact::Owner | Fact::OwnerPath) {
        way.looks_at(Fact::OwnerId)
            || way.looks_at(Fact::RepositoryId)
            || table.cel_has(&["owner_id", "namespace_id", "repository_id", "project_id"])
            || all(|issuer| {
                let ids = [&issuer.id, &issuer.owner_id, &issuer.repository_id];
                // Where the platform has no id of owners, the path is all there is.
                ids.into_iter().any(|pin| !pin.is_empty())
                    || !issuer.kind.value.facts().contains(&Fact::OwnerId)
            })
    } else {
        table.cel_has(&["actor_id", "user_id", "sub"])
    }
}
