//! The rules of the configuration.

use std::fmt::Write as _;

use super::{
    plan::{Grant, Plan},
    platform::{Platform, Tenant},
    text::toml_quoted,
};

/// The rules, after an empty line; nothing where nobody is there to give to.
pub(super) fn rules(plan: &Plan) -> String {
    match &plan.grant {
        Grant::Nothing => String::new(),
        Grant::Least(job) => format!(
            "\n# The least rule for one job: by ids, which nobody else ever has, and for runs like the one\n\
             # whose JWT this was written from. Nothing else is given to anybody.\n{}",
            job.rule
        ),
        Grant::OwnNames => own_names(&plan.platforms),
    }
}

fn own_names(platforms: &[Platform]) -> String {
    let names = |is_code_host: bool| {
        let those = platforms
            .iter()
            .filter(|platform| platform.kind.is_code_host() == is_code_host);
        let quoted: Vec<_> = those.map(|platform| toml_quoted(&platform.name)).collect();
        quoted.join(", ")
    };
    let (hosts, clusters) = (names(true), names(false));
    let mut text = String::new();
    if !hosts.is_empty() {
        write!(
            text,
            r#"
# What is pushed from the main branch or a tag goes to a name of its own.
[rule.own-name]
from = [{hosts}]
when = {{ event = ["push", "tag", "manual"], ref = ["refs/heads/main", "refs/heads/master", "refs/tags/**"] }}
push = ["apps/{{issuer}}/{{repository}}"]
"#
        )
        .expect("a string takes every write");
    }
    for platform in platforms {
        if let Tenant::Account { account, .. } = &platform.tenant {
            write!(
                text,
                r#"
# Pods that build push below the name of their namespace.
[rule.{name}-builders]
from = ["{name}"]
when = {{ service_account = "{account}" }}
push = ["pods/{{namespace}}/**"]
"#,
                name = platform.name
            )
            .expect("a string takes every write");
        }
    }
    let all = [hosts, clusters];
    let all: Vec<_> = all.into_iter().filter(|names| !names.is_empty()).collect();
    text + &format!(
        r#"
# Whoever proves who they are may pull.
[rule.everyone-pulls]
from = [{}]
pull = ["**"]
"#,
        all.join(", ")
    )
}
