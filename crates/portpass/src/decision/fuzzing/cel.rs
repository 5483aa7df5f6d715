//! Expressions over any claims: bounded, and about nothing but the claims that they name.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::somebody;
use crate::{
    credential::object,
    decision::{
        Caller,
        cel::{Expression, NamedClaims},
        variables::{Environment, Variables},
    },
    identity::{Fact, FactValue, Facts, Supposed},
};

/// Longest word on what is wrong with an expression: a name of it, and ours around it.
const LONGEST: usize = 8192;

/// What separates an expression from the claims.
const END: &str = "\n\n";

static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(Environment::new);

/// What the files of operators have, whatever a caller's claims are.
static USUAL: LazyLock<Vec<Expression>> = LazyLock::new(|| {
    let texts = [
        "claims.job_workflow_ref.startsWith('acme/ci/')",
        "'ops' in claims.groups",
        "claims.groups.exists(group, claims.groups.all(other, other.size() <= group.size()))",
        "has(claims.tier) && string(claims.tier).contains('prod')",
        "claims.exp - claims.iat < 900 || facts.ref == claims.ref",
        "claims.all(name, name.size() < 64)",
    ];
    let compile = |text| Expression::compile(&ENVIRONMENT, text).expect("an expression");
    texts.into_iter().map(compile).collect()
});

/// Bytes as an expression and, after an empty line, the claims that it is asked of.
pub fn cel(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (text, claims) = text.split_once(END).unwrap_or((text, "{}"));
    let claims = object(claims.as_bytes()).unwrap_or_default();
    evaluated(USUAL.iter(), &claims);
    match Expression::compile(&ENVIRONMENT, text) {
        Ok(expression) => {
            assert!(text.len() <= 4096, "{}", text.len());
            assert_eq!(expression.text(), text);
            evaluated([&expression], &claims);
        }
        Err(error) => assert!(error.to_string().len() <= LONGEST, "{error}"),
    }
}

/// One answer to one caller, whatever their JWT says beside the claims that are named.
fn evaluated<'e>(
    expressions: impl IntoIterator<Item = &'e Expression>,
    claims: &Map<String, Value>,
) {
    let supposed = caller(claims.clone());
    let variables = Variables::new(&ENVIRONMENT, Caller::from(&supposed), "prod");
    for expression in expressions {
        let answer = expression.evaluate(&variables);
        let NamedClaims::Some(names) = expression.claims() else {
            continue;
        };
        let mut told = claims.clone();
        told.retain(|name, _| names.contains(name));
        if !names.contains("another") {
            told.insert("another".to_owned(), Value::from("claim"));
        }
        let supposed = caller(told);
        let variables = Variables::new(&ENVIRONMENT, Caller::from(&supposed), "prod");
        let again = expression.evaluate(&variables);
        assert_eq!(again, answer, "only the claims count that it names");
    }
}

/// Whose JWT has these claims.
fn caller(claims: Map<String, Value>) -> Supposed {
    let mut facts = Facts::default();
    facts.set_text(Fact::Ref, Some("refs/heads/main"));
    facts.set_flag(Fact::RefProtected, Some(true));
    let groups = ["dev", "ops"].map(str::to_owned).to_vec();
    facts.set(Fact::IdpGroups, FactValue::List(groups));
    somebody("github", facts, claims)
}
