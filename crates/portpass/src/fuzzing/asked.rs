//! Some rules, and somebody who asks them: what is given is within what was asked.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use scope::{Scope, Scopes, is_repository_name};
use serde_json::Map;

use super::laws;
use crate::{
    config,
    decision::{Access, Caller, Held, Policy, Verdict},
    identity::{Fact, Facts, Supposed},
    registry::Registry,
};

const RULES: &str = r#"
public_url = "https://registry.example.com"
[registry.prod]
service = "registry.example.com"
kind = "distribution"
[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
[rule.own]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{issuer}/{repository}"]
[rule.base]
from = ["github"]
pull = ["base/**"]
[deny.secret]
pull = ["base/secret/**"]
"#;

/// The rules, compiled, the registry they are for, and who asks.
struct Court {
    policy: Policy,
    registry: Arc<Registry>,
    caller: Supposed,
}

static COURT: LazyLock<Court> = LazyLock::new(|| {
    let config = config::load_text(Path::new("portpass.toml"), RULES.to_owned())
        .expect("the rules above load");
    let mut facts = Facts::default();
    for (fact, value) in [
        (Fact::Event, "push"),
        (Fact::Owner, "acme"),
        (Fact::OwnerId, "65"),
        (Fact::Ref, "refs/heads/main"),
        (Fact::Repository, "acme/web"),
        (Fact::RepositoryId, "74"),
    ] {
        facts.set_text(fact, Some(value));
    }
    let registry = config.registries.first().expect("there is one registry");
    Court {
        policy: Policy::compile(&config.policy).expect("the rules above compile"),
        registry: Arc::clone(registry),
        caller: Supposed::recorded("github", "74", "acme/web", facts, Map::new()),
    }
});

/// What the rules give of scopes is within the scopes and within the rules, and a refusal has
/// nothing in it that a terminal or a CI runner obeys.
pub(super) fn asks(asked: &Scopes) {
    let Court {
        policy,
        registry,
        caller,
    } = &*COURT;
    let caller = Caller::from(caller).recorded_under(policy);
    let explanation = policy.explain(caller, Held::default(), registry, asked);
    match &explanation.verdict {
        Verdict::Granted(access) => {
            for given in access {
                assert!(asked.iter().any(|scope| covers(scope, given)), "{given:?}");
                assert!(is_within_rules(given), "{given:?}");
            }
        }
        Verdict::Refused { .. } => {
            let message = explanation.message.expect("a refusal says why");
            laws::is_one_line(&message, 2048);
            assert!(message.is_ascii(), "{message}");
            let orders = ["::", "##"];
            assert!(
                !orders.iter().any(|order| message.contains(order)),
                "{message}"
            );
        }
        Verdict::Untold(claims) => assert!(claims.is_empty(), "no rule names a claim"),
    }
}

fn covers(scope: &Scope, given: &Access) -> bool {
    let all = scope.actions.contains("*");
    let mut actions = given.actions.iter();
    (&scope.kind, &scope.class, &scope.name) == (&given.kind, &given.class, &given.name)
        && actions.all(|action| all || scope.actions.contains(action))
}

fn is_within_rules(given: &Access) -> bool {
    let own = given.name == "apps/github/acme/web";
    let is_base = given.name.starts_with("base/") && !given.name.starts_with("base/secret/");
    let pulls = given.actions.iter().all(|action| action == "pull");
    let changes = ["pull", "push"];
    let mut actions = given.actions.iter();
    let writes = actions.all(|action| changes.contains(&action.as_str()));
    given.kind == "repository"
        && is_repository_name(&given.name)
        && (own && writes || is_base && pulls)
}
