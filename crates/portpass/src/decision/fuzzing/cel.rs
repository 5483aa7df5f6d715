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
    identity::{Fact, FactValue, Facts},
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
    for expression in &*USUAL {
        evaluated(expression, &claims);
    }
    match Expression::compile(&ENVIRONMENT, text) {
        Ok(expression) => {
            assert!(text.len() <= 4096, "{}", text.len());
            assert_eq!(expression.text(), text);
            evaluated(&expression, &claims);
        }
        Err(error) => assert!(error.to_string().len() <= LONGEST, "{error}"),
    }
}

/// One answer to one caller, whatever else their JWT says.
fn evaluated(expression: &Expression, claims: &Map<String, Value>) {
    let answer = ask(expression, claims);
    assert_eq!(
        ask(expression, claims),
        answer,
        "the same claims, the same answer"
    );
    if let NamedClaims::Some(names) = expression.claims() {
        let mut named = claims.clone();
        named.retain(|name, _| names.contains(name));
        assert_eq!(ask(expression, &named), answer, "no other claim counts");
        named.insert("another".to_owned(), Value::from("claim"));
        if !names.contains("another") {
            assert_eq!(ask(expression, &named), answer, "no other claim counts");
        }
    }
}

fn ask(expression: &Expression, claims: &Map<String, Value>) -> Option<bool> {
    let mut facts = Facts::default();
    facts.set_text(Fact::Ref, Some("refs/heads/main"));
    facts.set_flag(Fact::RefProtected, Some(true));
    let groups = ["dev", "ops"].map(str::to_owned).to_vec();
    facts.set(Fact::IdpGroups, FactValue::List(groups));
    let supposed = somebody("github", facts, claims.clone());
    let variables = Variables::new(&ENVIRONMENT, Caller::from(&supposed), "prod");
    expression.evaluate(&variables)
}
