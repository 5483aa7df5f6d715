//! The scopes in tests: texts that a registry could ask for.

use scope::{InvalidScope, Scope, Scopes};

use crate::config::{Located, Place, read::Reading, suggest};

/// What may be asked for on a repository.
const ACTIONS: [&str; 4] = ["*", "delete", "pull", "push"];

/// The scopes that some texts are; nothing, with a fault at each that is none.
pub(super) fn settle(reading: &mut Reading<'_>, texts: &[Located<String>]) -> Option<Scopes> {
    let mut are_right = true;
    for text in texts {
        let complaint = match text.value.parse::<Scope>() {
            Ok(scope) => complaint(&scope),
            Err(error) => Some(error.to_string()),
        };
        if let Some(complaint) = complaint {
            are_right = false;
            reading.fault(text.at, complaint);
        }
    }
    let scopes = Scopes::parse(texts.iter().map(|text| text.value.as_str()));
    if let (Err(error @ (InvalidScope::TooLong | InvalidScope::TooMany)), [first, ..]) =
        (&scopes, texts)
    {
        reading.fault(first.at, error.to_string());
    }
    scopes.ok().filter(|_| are_right)
}

/// Refuses to expect what is not asked for: it is never given.
pub(super) fn check_within(
    reading: &mut Reading<'_>,
    expected: &[Located<String>],
    asked: &Scopes,
    at: Place,
) {
    if expected.is_empty() && !asked.is_empty() {
        reading.fault(
            at,
            "whoever is given nothing is refused: write `\"refused\"`",
        );
    }
    for text in expected {
        let Ok(scope) = text.value.parse::<Scope>() else {
            continue;
        };
        let is_asked = asked.iter().any(|asked| {
            let same = (&asked.kind, &asked.class, &asked.name);
            same == (&scope.kind, &scope.class, &scope.name)
                && (asked.actions.contains("*") || asked.actions.is_superset(&scope.actions))
        });
        if !is_asked {
            reading.fault(text.at, "this is not in `ask`, so it is never given");
        }
    }
}

/// What is wrong with a scope that can be read, and that no rule gives.
fn complaint(scope: &Scope) -> Option<String> {
    if (scope.kind.as_str(), scope.name.as_str()) == ("registry", "catalog") {
        let is_catalog = scope.actions.iter().all(|action| action == "*");
        return (!is_catalog).then(|| "the catalog is `registry:catalog:*`".to_owned());
    }
    if scope.kind != "repository" {
        return Some(format!(
            "`{scope}` is neither `repository:NAME:ACTIONS` nor `registry:catalog:*`"
        ));
    }
    let mut actions = scope.actions.iter();
    let unknown = actions.find(|action| !ACTIONS.contains(&action.as_str()))?;
    let hint = suggest::instead(unknown, ACTIONS);
    Some(format!("unknown action `{unknown}`{hint}"))
}
