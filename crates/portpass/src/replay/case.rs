//! One recorded request: who asked what, and what is known of them.

use std::sync::Arc;

use scope::{Scope, Scopes};

use super::{
    change::Action,
    recorded::{Outcome, Recorded},
};
use crate::identity::{ANONYMOUS, Fact, Facts, Supposed};

/// What `rules` of an event names where an identity provider decided.
const PROVIDER: &str = "relay.access";

/// One recorded request.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) who: Supposed,
    pub(super) registry: String,
    pub(super) asked: Scopes,
    /// How many requests it stands for.
    pub(super) requests: u64,
    /// The groups that the identity was in.
    pub(super) groups: Vec<Arc<str>>,
    /// The names that rules rendered for it, and that belonged to another id.
    owned: Vec<String>,
    /// The scopes of which something was given, and what.
    given: Vec<(String, Vec<String>)>,
    /// The version of the rules that decided, with what stood then.
    pub(super) policy: Option<String>,
}

/// Why an event is not weighed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unweighed {
    /// An identity provider decided.
    ByProvider,
    /// It cannot be read.
    Malformed,
    /// It ended before any rule was asked, or is an operator's.
    WithoutRules,
}

/// One thing that was asked for.
#[derive(Debug)]
pub(super) struct Wish<'s> {
    pub(super) action: Action,
    /// The repository; nothing for the list of repositories.
    pub(super) repository: &'s str,
    /// It alone.
    pub(super) asked: Scopes,
}

impl Case {
    /// The request that an event recorded, so many times.
    pub(super) fn of(mut recorded: Recorded<'_>, requests: u64) -> Result<Self, Unweighed> {
        if recorded.body.relay.is_some() {
            return Err(Unweighed::ByProvider);
        }
        match &*recorded.kind {
            "anonymous" => return Self::of_anonymous(&recorded, requests),
            "refusal" | "stranger" | "token" => {}
            "failure" | "operator" => return Err(Unweighed::WithoutRules),
            _ => return Err(Unweighed::Malformed),
        }
        let rules = recorded.body.rules.take().ok_or(Unweighed::WithoutRules)?;
        if rules.iter().any(|said| &*said.rule == PROVIDER) {
            return Err(Unweighed::ByProvider);
        }
        let facts = std::mem::take(&mut recorded.body.facts);
        let claims = std::mem::take(&mut recorded.body.claims);
        let issuer = match (&recorded.issuer, &*recorded.kind) {
            (Some(issuer), _) => issuer,
            // Of callers without a credential the row names nobody.
            (None, "stranger") => ANONYMOUS,
            (None, _) => return Err(Unweighed::Malformed),
        };
        let id = recorded.identity.as_deref().unwrap_or(ANONYMOUS);
        let name = recorded.body.name.as_deref().unwrap_or(id);
        let is_suspended = rules.iter().any(|said| said.outcome == Outcome::Suspended);
        let owned = rules.iter().filter_map(|said| match &said.outcome {
            Outcome::Owned(name) => Some(name.to_string()),
            Outcome::Matched | Outcome::Suspended | Outcome::Other => None,
        });
        let access = std::mem::take(&mut recorded.body.access).into_iter();
        Ok(Self {
            who: Supposed::recorded(issuer, id, name, facts, claims).of_bound(!is_suspended),
            registry: registry(&recorded)?,
            asked: scopes([recorded.body.asked.as_deref().ok_or(Unweighed::Malformed)?])?,
            requests,
            groups: recorded
                .body
                .groups
                .iter()
                .map(|name| (**name).into())
                .collect(),
            owned: owned.collect(),
            given: access.map(|access| (access.name, access.actions)).collect(),
            policy: recorded.body.policy.map(|text| text.0.into_owned()),
        })
    }

    /// Grants to nobody in particular; of what was given, the names are recorded.
    fn of_anonymous(recorded: &Recorded<'_>, requests: u64) -> Result<Self, Unweighed> {
        let mut facts = Facts::default();
        facts.set_text(Fact::Issuer, Some(ANONYMOUS));
        let names = recorded.body.repositories.iter();
        let asked: Vec<_> = names
            .map(|name| format!("repository:{}:pull", &**name))
            .collect();
        Ok(Self {
            who: Supposed::recorded(
                ANONYMOUS,
                ANONYMOUS,
                ANONYMOUS,
                facts,
                serde_json::Map::new(),
            ),
            registry: registry(recorded)?,
            asked: scopes(asked.iter().map(String::as_str))?,
            requests,
            groups: Vec::new(),
            owned: Vec::new(),
            given: Vec::new(),
            policy: None,
        })
    }

    /// Whether an action was given then, whoever decided.
    pub(super) fn was_given(&self, repository: &str, action: Action) -> bool {
        let mut given = self.given.iter();
        given.any(|(name, actions)| {
            name == repository && actions.iter().any(|word| word == action.name())
        })
    }

    /// Whether a name is another id's, as far as was recorded: push was given in
    /// it, so it is the caller's or nobody's; or a rule gave nothing, as it is
    /// another's.
    pub(super) fn is_owned_by_another(&self, name: &str) -> Option<bool> {
        if self.owned.iter().any(|owned| owned == name) {
            return Some(true);
        }
        let is_in = |repository: &str| {
            let rest = repository.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut given = self.given.iter();
        let pushed = given.any(|(repository, actions)| {
            is_in(repository) && actions.iter().any(|word| word == "push")
        });
        pushed.then_some(false)
    }

    /// Whether something of what was asked for is in a name that rules render.
    pub(super) fn is_about(&self, name: &str) -> bool {
        let mut asked = self.asked.iter();
        asked.any(|scope| scope.name.starts_with(name))
    }

    /// Everything that was asked for, one by one.
    pub(super) fn wishes(&self) -> impl Iterator<Item = Wish<'_>> {
        self.asked.iter().flat_map(wishes)
    }
}

/// What one scope asks for, one by one.
fn wishes(scope: &Scope) -> Vec<Wish<'_>> {
    let is_catalog = scope.kind == "registry" && scope.name == "catalog";
    let actions: &[Action] = match scope.kind.as_str() {
        "repository" => &[Action::Delete, Action::Pull, Action::Push],
        _ if is_catalog => &[Action::Catalog],
        _ => &[],
    };
    let is_asked = |action: &&Action| {
        let word = action.name();
        scope.actions.contains("*") || (!is_catalog && scope.actions.contains(word))
    };
    let wish = |action: &Action| {
        let word = if is_catalog { "*" } else { action.name() };
        let mut one = scope.clone();
        one.actions = [word.to_owned()].into();
        Some(Wish {
            action: *action,
            repository: if is_catalog { "" } else { &scope.name },
            asked: Scopes::parse([one.to_string().as_str()]).ok()?,
        })
    };
    actions.iter().filter(is_asked).filter_map(wish).collect()
}

fn registry(recorded: &Recorded<'_>) -> Result<String, Unweighed> {
    let registry = recorded.registry.as_deref().ok_or(Unweighed::Malformed)?;
    Ok(registry.to_owned())
}

fn scopes<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Scopes, Unweighed> {
    Scopes::parse(texts).map_err(|_no_scope| Unweighed::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(kind: &str, issuer: &str, body: &str) -> Result<Case, Unweighed> {
        let line = format!(
            r#"{{"last":"2026-11-20T10:00:00Z","count":3,"kind":"{kind}","registry":"prod",
            "issuer":{issuer},"identity":"74","body":{body}}}"#
        );
        let recorded = Recorded::of_line(line.as_bytes()).unwrap();
        let requests = recorded.requests().unwrap();
        Case::of(recorded, requests)
    }

    fn unweighed(kind: &str, body: &str) -> Unweighed {
        case(kind, r#""github""#, body).unwrap_err()
    }

    const BODY: &str = r#"{"asked":"repository:apps/x:pull,push registry:catalog:*","rules":[
        {"rule":"rule.a","outcome":{"owned":"apps/y"}}],"groups":["a"],"name":"acme/web",
        "access":[{"type":"repository","name":"apps/x/api","actions":["pull","push"]}]}"#;

    #[test]
    fn a_case_is_what_was_asked_by_whom_with_what() {
        let case = case("token", r#""github""#, BODY).unwrap();
        assert_eq!(case.who.identity().to_string(), "github:74");
        assert_eq!(case.who.name(), "acme/web");
        assert_eq!((case.registry.as_str(), case.requests), ("prod", 3));
        let wishes = case.wishes();
        let wishes = wishes.map(|wish| format!("{:?} {}", wish.action, wish.asked));
        assert_eq!(
            wishes.collect::<Vec<_>>(),
            [
                "Catalog registry:catalog:*",
                "Pull repository:apps/x:pull",
                "Push repository:apps/x:push",
            ]
            .map(str::to_owned)
        );
    }

    #[test]
    fn who_owns_a_name_is_known_where_push_was_given_or_a_rule_gave_nothing_for_it() {
        let case = case("token", r#""github""#, BODY).unwrap();
        assert_eq!(case.is_owned_by_another("apps/y"), Some(true));
        assert_eq!(case.is_owned_by_another("apps/x"), Some(false));
        assert_eq!(case.is_owned_by_another("apps/z"), None);
        let neighbour = case.is_owned_by_another("apps/x/ap");
        assert_eq!(neighbour, None, "a name that goes on is another");
        assert!(case.was_given("apps/x/api", Action::Push));
        assert!(!case.was_given("apps/x/api", Action::Delete));
        assert!(!case.was_given("apps/x", Action::Pull));
    }

    #[test]
    fn what_no_rule_decided_is_not_weighed() {
        let by_provider = [
            r#"{"asked":"","relay":"passthrough"}"#,
            r#"{"asked":"","rules":[{"rule":"relay.access","outcome":"matched"}]}"#,
        ];
        for body in by_provider {
            assert_eq!(unweighed("token", body), Unweighed::ByProvider, "{body}");
        }
        for kind in ["failure", "operator", "refusal", "stranger"] {
            let body = r#"{"asked":"repository:a:pull","message":"expired"}"#;
            assert_eq!(unweighed(kind, body), Unweighed::WithoutRules, "{kind}");
        }
    }

    #[test]
    fn what_we_never_write_is_malformed() {
        assert_eq!(unweighed("tokens", "{}"), Unweighed::Malformed);
        assert_eq!(unweighed("token", r#"{"rules":[]}"#), Unweighed::Malformed);
        let asked = r#"{"asked":"nonsense","rules":[]}"#;
        assert_eq!(unweighed("token", asked), Unweighed::Malformed);
        let nobody = case("refusal", "null", r#"{"asked":"","rules":[]}"#);
        assert_eq!(nobody.unwrap_err(), Unweighed::Malformed);
    }

    #[test]
    fn of_nobody_in_particular_the_names_are_pulled() {
        let case = case(
            "anonymous",
            "null",
            r#"{"repositories":["base/a","base/b"]}"#,
        )
        .unwrap();
        assert!(case.who.is_anonymous());
        assert_eq!(
            case.asked.to_string(),
            "repository:base/a:pull repository:base/b:pull"
        );
    }
}
