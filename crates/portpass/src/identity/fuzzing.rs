//! What holds of any JWT's claims, and of whom they are about.

use std::{collections::BTreeSet, sync::LazyLock};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde_json::Value;

pub use super::keys::fuzzing::{discovery, jwks};
use super::{
    Fact, FactType, FactValue, IssuerKind,
    claims::{Claims, is_text},
    kind::{Reading, Subject},
    validity::{LEEWAY_SECONDS, Terms},
};
use crate::{credential::fuzzing::compact, fuzzing::laws};

/// When the JWTs of the corpus were issued, in seconds.
const NOW: i64 = 1_700_000_000;

/// Longest fact: a claim with words of ours around it.
const LONGEST_FACT: usize = 4096;

/// The facts that are of some words only.
const WORDS: [(Fact, &[&str]); 4] = [
    (
        Fact::Event,
        &[
            "api",
            "manual",
            "other",
            "pull_request",
            "pull_request_target",
            "push",
            "release",
            "schedule",
            "tag",
            "workflow_run",
        ],
    ),
    (Fact::Issuer, &["ci"]),
    (Fact::RefType, &["branch", "tag"]),
    (Fact::Runner, &["hosted", "self-hosted"]),
];

static TERMS: LazyLock<Terms> = LazyLock::new(|| Terms {
    issuer: "ci".into(),
    audiences: vec!["registry.example.com".to_owned()],
    allow_extra_audiences: false,
    max_jwt_lifetime: 3600,
    session_max: 3600,
});

/// Bytes as a JWT: its header and its payload, a line each; and as its compact form.
pub fn jwt(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        compact(text);
    }
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (header, payload) = bytes.split_at(end.unwrap_or_default());
    let payload = payload.strip_prefix(b"\n").unwrap_or(payload);
    let [header, encoded] = [header, payload].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    compact(&format!("{header}.{encoded}.c2lnbmF0dXJl"));
    match Claims::parse(payload) {
        Ok(claims) => {
            timely(&claims);
            for kind in IssuerKind::all() {
                read(kind, &claims);
            }
        }
        Err(fault) => laws::is_brief(&fault),
    }
}

/// A JWT without faults is of its time, and for us.
fn timely(claims: &Claims) {
    let now = Timestamp::from_second(NOW).expect("a time within any range");
    let faults = TERMS.faults(claims, now);
    for fault in &faults {
        laws::is_one_line(fault, 64 * 1024);
    }
    if faults.is_empty() {
        let time = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        assert!(time("exp") > NOW - LEEWAY_SECONDS && time("iat") <= NOW + LEEWAY_SECONDS);
        assert!(time("exp") - time("iat") <= TERMS.max_jwt_lifetime);
        let ours = Value::from("registry.example.com");
        let is_ours = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().all(|one| *one == ours),
            one => one == Some(&ours),
        };
        assert!(is_ours, "{:?}", claims.get("aud"));
    }
}

fn read(kind: IssuerKind, claims: &Claims) {
    let reading = Reading {
        issuer: "ci",
        web: Some("https://ci.example.com"),
        groups_claim: None,
        id_claim: None,
    };
    match kind.subject(claims, &reading) {
        Ok(subject) => {
            assert!(kind.may_have_id(&subject.id), "{kind:?} {:?}", subject.id);
            believed(kind, &subject);
        }
        Err(fault) => laws::is_brief(&fault),
    }
    let named = Reading {
        groups_claim: Some("realm_access.roles"),
        id_claim: Some("oid"),
        ..reading
    };
    if kind == IssuerKind::Oidc
        && let Ok(subject) = kind.subject(claims, &named)
    {
        believed(kind, &subject);
    }
}

/// Whom claims are about has an id and a name to print, and facts of its platform alone.
fn believed(kind: IssuerKind, subject: &Subject) {
    let Subject { id, name, facts } = subject;
    assert!(!id.is_empty() && is_text(id), "{kind:?} {id:?}");
    laws::is_one_line(name, LONGEST_FACT);
    let promised: BTreeSet<Fact> = kind.facts();
    for (fact, value) in facts.iter() {
        assert!(promised.contains(&fact), "{kind:?} {fact}");
        match (fact.value_type(), value) {
            (FactType::Flag, FactValue::Flag(_)) => {}
            (FactType::List, FactValue::List(texts)) => {
                assert!(texts.iter().all(|text| is_text(text)), "{kind:?} {texts:?}");
            }
            (FactType::Text, FactValue::Text(text)) => {
                laws::is_one_line(text, LONGEST_FACT);
                assert!(has_its_form(fact, text), "{kind:?} {fact} {text:?}");
            }
            (FactType::Flag | FactType::List | FactType::Text, _) => {
                unreachable!("{kind:?} gives {fact} as {value:?}")
            }
        }
    }
}

fn has_its_form(fact: Fact, text: &str) -> bool {
    let words = WORDS.iter().find(|(of, _)| *of == fact);
    words.is_none_or(|(_, words)| words.contains(&text))
        && (fact != Fact::Ref || text.starts_with("refs/"))
}
