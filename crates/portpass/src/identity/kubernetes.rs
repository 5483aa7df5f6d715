//! Service accounts of a Kubernetes cluster, by their projected tokens.
//!
//! Tokens of secrets, which name neither audience nor expiry, spell their claims
//! otherwise and are therefore refused.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Fact, Facts,
    claims::{ClaimFault, Claims},
    kind::{Platform, Subject},
};
use crate::credential::JwtAlgorithm;

pub(super) const PLATFORM: Platform = Platform {
    algorithms: &[
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Es256,
        JwtAlgorithm::Es384,
    ],
    max_jwt_minutes: 65,
    // A cluster's keys are its own, so the cluster is the tenant.
    shared_hosts: &[],
    facts: &[Fact::Namespace, Fact::Node, Fact::Pod, Fact::ServiceAccount],
};

/// Longest name of an object (RFC 1123 subdomain).
const MAX_NAME_BYTES: usize = 253;

/// The service account, by its namespace and name.
pub(super) fn subject(claims: &Claims) -> Result<Subject, ClaimFault> {
    const CLAIM: &str = "kubernetes.io";
    let text = |pointer: [&str; 2]| {
        let mut value = claims.get(CLAIM)?;
        for name in pointer.into_iter().filter(|name| !name.is_empty()) {
            value = value.get(name)?;
        }
        value.as_str().filter(|text| is_object_name(text))
    };
    let namespace =
        text(["namespace", ""]).ok_or(ClaimFault::Missing("kubernetes.io.namespace"))?;
    let account = text(["serviceaccount", "name"])
        .ok_or(ClaimFault::Missing("kubernetes.io.serviceaccount.name"))?;
    let sub = claims.get("sub").and_then(Value::as_str);
    if sub != Some(&format!("system:serviceaccount:{namespace}:{account}")) {
        return Err(ClaimFault::Form("sub"));
    }
    let mut facts = Facts::default();
    facts.set_text(Fact::Namespace, Some(namespace));
    facts.set_text(Fact::ServiceAccount, Some(account));
    facts.set_text(Fact::Pod, text(["pod", "name"]));
    facts.set_text(Fact::Node, text(["node", "name"]));
    let id: Arc<str> = format!("{namespace}/{account}").into();
    Ok(Subject {
        name: Arc::clone(&id),
        id,
        facts,
    })
}

/// Whether a text has the form of an identity's id.
pub(super) fn is_id(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(namespace, account)| is_object_name(namespace) && is_object_name(account))
}

/// Whether a text can name an object: letters, digits, dots and dashes.
fn is_object_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Result<Subject, ClaimFault> {
        subject(&Claims::parse(claims.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_projected_token_is_its_service_account() {
        let subject = read(&json!({
            "sub": "system:serviceaccount:ci:builder",
            "kubernetes.io": {
                "namespace": "ci", "node": {"name": "n1", "uid": "1"},
                "pod": {"name": "b-1", "uid": "2"}, "serviceaccount": {"name": "builder", "uid": "3"},
            },
        }))
        .unwrap();
        assert_eq!(&*subject.id, "ci/builder");
        insta::assert_json_snapshot!(subject.facts, @r#"
        {
          "namespace": "ci",
          "node": "n1",
          "pod": "b-1",
          "service_account": "builder"
        }
        "#);
    }

    #[test]
    fn a_secrets_token_is_refused() {
        let legacy = json!({
            "sub": "system:serviceaccount:ci:builder",
            "kubernetes.io/serviceaccount/namespace": "ci",
            "kubernetes.io/serviceaccount/service-account.name": "builder",
        });
        assert_eq!(
            read(&legacy).unwrap_err(),
            ClaimFault::Missing("kubernetes.io.namespace")
        );
    }

    #[test]
    fn the_sub_must_say_the_same() {
        for (sub, namespace) in [
            ("system:serviceaccount:prod:builder", json!("ci")),
            ("system:serviceaccount:ci/x:builder", json!("ci/x")),
            ("system:serviceaccount::builder", json!("")),
            ("system:serviceaccount:ci:builder", json!(["ci"])),
        ] {
            let claims = json!({
                "sub": sub,
                "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": "builder"}},
            });
            assert!(read(&claims).is_err(), "{sub}");
        }
    }
}
