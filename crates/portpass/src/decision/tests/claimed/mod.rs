//! What an identity provider's `access` claim gives.

mod cut;
mod properties;
mod taken;

use super::*;
use crate::decision::Access;

/// The entries of a claim, as scopes.
fn given(scopes: &[&str]) -> Vec<Access> {
    let entry = |text: &&str| {
        let scope = text.parse::<scope::Scope>().unwrap();
        Access {
            kind: scope.kind,
            class: scope.class,
            name: scope.name,
            actions: scope.actions.into_iter().collect(),
        }
    };
    scopes.iter().map(entry).collect()
}

fn decide_given(
    policy: &Policy,
    proof: Proof,
    held: Held<'_>,
    asked: &str,
    given: &[Access],
) -> Result<Grant, Box<Denied>> {
    let asked = Scopes::parse([asked]).unwrap();
    policy.decide_claimed(proof, held, &registry("prod"), &asked, given)
}

/// What is granted, as scopes, or why it is refused, as a code.
fn answer_given(text: &str, proof: Proof, owners: &Owners, asked: &str, said: &[&str]) -> String {
    let held = Held {
        owners,
        ..Held::default()
    };
    match decide_given(&policy(text), proof, held, asked, &given(said)) {
        Ok(grant) => grant.scope_text(),
        Err(denied) => format!("refused: {}", denied.refusal().code()),
    }
}
