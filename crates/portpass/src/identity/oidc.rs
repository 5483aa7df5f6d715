//! Any OpenID Connect provider: people, and platforms without a kind of their own.

use serde_json::Value;

use super::{
    Fact, FactValue, Facts,
    claims::{ClaimFault, Claims},
    kind::{Platform, Reading, Subject},
};
use crate::credential::JwtAlgorithm;

pub(super) const PLATFORM: Platform = Platform {
    algorithms: &JwtAlgorithm::ALL,
    max_jwt_minutes: 65,
    // One issuer for all customers, and no claim of ours to pin one of them.
    shared_hosts: &[
        "accounts.google.com",
        "agent.buildkite.com",
        "app.terraform.io",
        "codeberg.org",
        "gitlab.com",
        "token.actions.githubusercontent.com",
    ],
};

/// The subject, or what the configured claim names.
pub(super) fn subject(claims: &Claims, reading: &Reading<'_>) -> Result<Subject, ClaimFault> {
    let id = match reading.id_claim {
        None => claims.required("sub")?.to_owned(),
        Some(name) => match claims.get(name) {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) if id.is_u64() => id.to_string(),
            Some(
                Value::Array(_)
                | Value::Bool(_)
                | Value::Null
                | Value::Number(_)
                | Value::Object(_)
                | Value::String(_),
            )
            | None => return Err(ClaimFault::Missing("that id_claim names")),
        },
    };
    let mut facts = Facts::default();
    facts.set_text(Fact::User, claims.text("preferred_username"));
    if let Some(Value::Array(groups)) = claims.get("groups") {
        let names = groups.iter().map(|name| name.as_str().map(str::to_owned));
        if let Some(names) = names.collect::<Option<Vec<_>>>() {
            facts.set(Fact::IdpGroups, FactValue::List(names));
        }
    }
    let name = claims.text("sub").unwrap_or(&id).to_owned();
    Ok(Subject { id, name, facts })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, id_claim: Option<&str>) -> Result<Subject, ClaimFault> {
        let reading = Reading {
            issuer: "idp",
            web: None,
            id_claim,
        };
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        subject(&claims, &reading)
    }

    #[test]
    fn the_subject_is_the_id_unless_a_claim_is_named() {
        let claims = json!({"sub": "u-1", "oid": "o-1", "uid": 7, "groups": ["a", "b"],
            "preferred_username": "jo"});
        let subject = read(&claims, None).unwrap();
        assert_eq!(subject.id, "u-1");
        assert_eq!(subject.facts.text(Fact::User), Some("jo"));
        assert_eq!(read(&claims, Some("oid")).unwrap().id, "o-1");
        assert_eq!(read(&claims, Some("uid")).unwrap().id, "7");
        for bad in ["groups", "missing"] {
            assert!(read(&claims, Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn groups_of_the_wrong_type_are_absent() {
        for groups in [json!("a"), json!(["a", 1]), json!({"a": 1})] {
            let subject = read(&json!({"sub": "u", "groups": groups}), None).unwrap();
            assert_eq!(subject.facts.get(Fact::IdpGroups), None, "{groups}");
        }
    }
}
