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
        "api.bitbucket.org",
        "app.eu.terraform.io",
        "app.terraform.io",
        "codeberg.org",
        "gitlab.com",
        "oidc.circleci.com",
        "token.actions.githubusercontent.com",
        "vstoken.dev.azure.com",
    ],
    facts: &[Fact::IdpGroups, Fact::User],
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
    if let Some(groups) = groups(claims, reading.groups_claim.unwrap_or("groups")) {
        facts.set(Fact::IdpGroups, FactValue::List(groups));
    }
    Ok(Subject {
        name: claims.text("sub").unwrap_or(&id).into(),
        id: id.into(),
        facts,
    })
}

/// A list of nothing but texts; half a list would be another answer.
fn groups(claims: &Claims, name: &str) -> Option<Vec<String>> {
    let groups = claims.get(name).or_else(|| below(claims, name))?;
    let groups = groups.as_array()?.iter();
    groups
        .map(|group| group.as_str().map(str::to_owned))
        .collect()
}

/// What stands where dots lead: `realm_access.roles`.
fn below<'c>(claims: &'c Claims, path: &str) -> Option<&'c Value> {
    let (first, rest) = path.split_once('.')?;
    let object = claims.get(first)?;
    rest.split('.')
        .try_fold(object, |object, name| object.as_object()?.get(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, id_claim: Option<&str>) -> Result<Subject, ClaimFault> {
        read_groups(claims, id_claim, None)
    }

    fn read_groups(
        claims: &Value,
        id_claim: Option<&str>,
        groups_claim: Option<&str>,
    ) -> Result<Subject, ClaimFault> {
        let reading = Reading {
            issuer: "idp",
            web: None,
            groups_claim,
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
        assert_eq!(&*subject.id, "u-1");
        assert_eq!(subject.facts.text(Fact::User), Some("jo"));
        assert_eq!(&*read(&claims, Some("oid")).unwrap().id, "o-1");
        assert_eq!(&*read(&claims, Some("uid")).unwrap().id, "7");
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

    /// The groups, where the claims' `groups` say something else.
    fn groups(claims: &Value, claim: &str) -> Option<Vec<String>> {
        let mut claims = claims.clone();
        claims["sub"] = json!("u");
        claims["groups"] = json!(["other"]);
        let subject = read_groups(&claims, None, Some(claim)).unwrap();
        match subject.facts.get(Fact::IdpGroups) {
            Some(FactValue::List(groups)) => Some(groups.clone()),
            None => None,
            Some(FactValue::Flag(_) | FactValue::Text(_)) => panic!("not a list"),
        }
    }

    #[test]
    fn groups_are_of_the_claim_that_is_named() {
        let roles = Some(vec!["a".to_owned(), "b".to_owned()]);
        let flat = json!({ "roles": ["a", "b"] });
        assert_eq!(groups(&flat, "roles"), roles);
        let realm = json!({ "realm_access": { "roles": ["a", "b"] } });
        assert_eq!(groups(&realm, "realm_access.roles"), roles);
        let deep = json!({ "resource_access": { "registry": { "roles": ["a", "b"] } } });
        assert_eq!(groups(&deep, "resource_access.registry.roles"), roles);
    }

    #[test]
    fn a_claim_with_the_very_name_comes_before_the_way_with_dots() {
        let below = json!({ "roles": ["below"] });
        let name = "https://id.example.com/roles";
        let both = json!({ (name): ["a"], "https://id": { "example": below } });
        assert_eq!(groups(&both, name), Some(vec!["a".to_owned()]));
        let wrong = json!({ "x.roles": "a", "x": below });
        assert_eq!(groups(&wrong, "x.roles"), None);
    }

    #[test]
    fn a_way_that_leads_to_no_list_of_texts_leads_to_no_groups() {
        for claims in [
            json!({}),
            json!({ "a": ["b"] }),
            json!({ "a": [{ "b": ["c"] }] }),
            json!({ "a": { "b": "c" } }),
            json!({ "a": { "b": { "c": ["d"] } } }),
            json!({ "a": { "b": ["c", 1] } }),
            json!({ "a": null }),
            json!({ "b": ["c"] }),
        ] {
            assert_eq!(groups(&claims, "a.b"), None, "{claims}");
        }
        let empty_name = json!({ "a": { "": ["b"] } });
        assert_eq!(groups(&empty_name, "a"), None);
        assert_eq!(groups(&json!({ "a": { "b": [] } }), "a.b"), Some(vec![]));
    }
}
