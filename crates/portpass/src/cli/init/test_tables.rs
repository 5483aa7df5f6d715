//! The `[test.*]` tables: what the rules give, and what they keep from whom.

use std::fmt::Write as _;

use super::{
    job::Job,
    plan::{Grant, Plan},
    platform::{Platform, Tenant},
    text::toml_quoted,
};
use crate::identity::IssuerKind;

/// An id that is not the one that it stands beside.
const STRANGER: [&str; 2] = ["999999999", "999999998"];

/// Words that are set in a fixture, and to what.
type Set = Vec<(&'static str, String)>;

/// One table.
struct Table {
    name: String,
    fixture: &'static str,
    set: Set,
    ask: String,
    expect: &'static str,
    because: &'static str,
}

/// The tests, after an empty line; nothing where there are no rules.
pub(super) fn tests(plan: &Plan) -> String {
    let mut text = String::new();
    for platform in &plan.platforms {
        let tables = match &plan.grant {
            Grant::Least(job) => of_job(platform, job),
            Grant::OwnNames => of_platform(platform),
            Grant::Nothing => Vec::new(),
        };
        for table in tables {
            text += &table.written(&platform.name);
        }
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n# What must stay true: `portpass test` runs these, and so does every start and reload.\n{}",
        text.trim_start_matches('\n')
    )
}

impl Table {
    fn written(&self, issuer: &str) -> String {
        let set = self.set.iter();
        let set = set.map(|(word, value)| format!("{word} = {}", toml_quoted(value)));
        let set = set.collect::<Vec<_>>().join(", ");
        let mut text = format!("\n[test.{}]\n", self.name);
        let mut line = |key: &str, value: &str| {
            writeln!(text, "{key:7} = {value}").expect("a string takes every write");
        };
        line(
            "proof",
            &format!(
                "{{ issuer = \"{issuer}\", fixture = \"{}\", set = {{ {set} }} }}",
                self.fixture
            ),
        );
        line("ask", &format!("[{}]", toml_quoted(&self.ask)));
        line("expect", &toml_quoted(self.expect));
        line("because", &toml_quoted(self.because));
        text
    }
}

/// The tests of the least rule.
fn of_job(platform: &Platform, job: &Job) -> Vec<Table> {
    let ask = format!("repository:{}:pull,push", job.repository);
    let table = |name: &str, fixture, set, expect, because| Table {
        name: name.to_owned(),
        fixture,
        set,
        ask: ask.clone(),
        expect,
        because,
    };
    let usual = usual_fixture(platform);
    let with = |word: &str, value: &str| {
        let mut set = job.set.clone();
        if let Some((_, set)) = set.iter_mut().find(|(set, _)| *set == word) {
            value.clone_into(set);
        }
        set
    };
    let mut tables = vec![table(
        "the-job-pushes",
        usual,
        job.set.clone(),
        "granted",
        "it is the job that the rule was written for",
    )];
    if platform.kind.is_code_host() {
        let id = |word| job.set.iter().find(|(set, _)| *set == word);
        let other = |word| other_than(id(word).map(|(_, value)| value.as_str()));
        tables.push(table(
            "squatter",
            usual,
            with("owner_id", other("owner_id")),
            "refused at pin",
            "a name that was given up can be taken by somebody else; an id cannot",
        ));
        tables.push(table(
            "another-repository-of-that-name",
            usual,
            with("repository_id", other("repository_id")),
            "refused at rules",
            "a repository that is made again under the name has another id",
        ));
        let in_run = |word: &str| ["ref", "environment", "event"].contains(&word);
        tables.push(table(
            "pull-request",
            "pull-request",
            job.set
                .iter()
                .filter(|(word, _)| !in_run(word))
                .cloned()
                .collect(),
            "refused at rules",
            "anybody may open a pull request",
        ));
    } else if let Tenant::Account { .. } = platform.tenant {
        tables.push(table(
            "squatter",
            usual,
            with("namespace", "elsewhere"),
            "refused at pin",
            "other namespaces are other people's",
        ));
        tables.push(table(
            "another-service-account",
            usual,
            with("service_account", "default"),
            "refused at rules",
            "a pod that names no service account has this one",
        ));
    } else {
        tables.push(table(
            "squatter",
            usual,
            with("sub", "somebody-else"),
            "refused at rules",
            "the provider signs for others, too",
        ));
    }
    tables
}

/// The tests of a rule that lets a service account push below its namespace.
fn of_account(name: &str, namespace: &str, account: &str) -> Vec<Table> {
    let table = |what: &str, fixture, set, ask: String, expect, because| Table {
        name: format!("{name}-{what}"),
        fixture,
        set,
        ask,
        expect,
        because,
    };
    let ask = format!("repository:pods/{namespace}/web:pull,push");
    let set = |namespace: &str, account: &str| {
        let (namespace, account) = (namespace.to_owned(), account.to_owned());
        vec![("namespace", namespace), ("service_account", account)]
    };
    vec![
        table(
            "builder-pushes",
            "pod",
            set(namespace, account),
            ask.clone(),
            "granted",
            "that is what the rule is for",
        ),
        table(
            "another-service-account",
            "pod",
            set(namespace, "default"),
            ask.clone(),
            "refused at rules",
            "a pod that names no service account has this one",
        ),
        table(
            "squatter",
            "pod",
            set("elsewhere", account),
            ask,
            "refused at pin",
            "other namespaces are other people's",
        ),
    ]
}

/// The tests of rules that give everybody a name of their own.
fn of_platform(platform: &Platform) -> Vec<Table> {
    let name = &platform.name;
    let table = |what: &str, fixture, set, ask: String, expect, because| Table {
        name: format!("{name}-{what}"),
        fixture,
        set,
        ask,
        expect,
        because,
    };
    if let Tenant::Account { namespace, account } = &platform.tenant {
        return of_account(name, namespace, account);
    }
    let repository = format!("{}/web", platform.owner());
    let own = format!("apps/{name}/{}", repository.to_ascii_lowercase());
    let (push, pull) = (
        format!("repository:{own}:pull,push"),
        format!("repository:{own}:pull"),
    );
    // Whose it is need not be said: a fixture is of the tenant that is pinned.
    let set = vec![("repository", repository)];
    let mut squatter = set.clone();
    if let Tenant::Owner { id, .. } = &platform.tenant {
        squatter.push(("owner_id", other_than(id.as_deref()).to_owned()));
    } else if let Tenant::Path(path) = &platform.tenant {
        squatter = vec![("repository", format!("{path}-evil/web"))];
    }
    let hostile = vec![("repository", format!("{}/..", platform.owner()))];
    let mut tables = vec![
        table(
            "main-pushes",
            "push-main",
            set.clone(),
            push.clone(),
            "granted",
            "that is what the rule is for",
        ),
        table(
            "pull-request-does-not-push",
            "pull-request",
            set.clone(),
            push.clone(),
            "refused at rules",
            "anybody may open a pull request",
        ),
        table(
            "pull-request-pulls",
            "pull-request",
            set,
            pull,
            "granted",
            "everybody who is proven pulls",
        ),
        table(
            "hostile-name",
            "push-main",
            hostile,
            format!("repository:apps/{name}:pull,push"),
            "refused at rules",
            "no name of a repository leads out of where the template puts it",
        ),
    ];
    if !matches!(platform.tenant, Tenant::Everybody) {
        tables.push(table(
            "squatter",
            "push-main",
            squatter,
            push,
            "refused at pin",
            "a name that was given up can be taken by somebody else; an id cannot",
        ));
    }
    tables
}

fn usual_fixture(platform: &Platform) -> &'static str {
    match platform.kind {
        IssuerKind::Forgejo | IssuerKind::GithubActions | IssuerKind::Gitlab => "push-main",
        IssuerKind::Kubernetes => "pod",
        IssuerKind::Described(_) | IssuerKind::Oidc => "machine",
    }
}

fn other_than(id: Option<&str>) -> &'static str {
    let [first, second] = STRANGER;
    if id == Some(first) { second } else { first }
}
