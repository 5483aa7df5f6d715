//! What holds of whatever an identity provider answers.

use super::{MAX_CODE, ProviderFault, code, token};
use crate::{
    fuzzing::laws,
    relay::passed::{access_of, claims_of},
};

/// Bytes as the body of an answer, and as the claims of the token in it.
pub fn provider(bytes: &[u8]) {
    match token(bytes) {
        Ok(answer) => {
            let access_token = answer.access_token.expose();
            assert!(!access_token.is_empty() && access_token.len() <= bytes.len());
            claims(access_token);
        }
        Err(ProviderFault::Unavailable { reason }) => laws::is_brief(&reason),
        Err(fault) => unreachable!("an answer that cannot be read is {fault}"),
    }
    if let Some(code) = code(bytes) {
        laws::is_one_line(&code, MAX_CODE);
        assert!(code.is_ascii(), "{code}");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        claims(text);
    }
    if let Ok(claims) = crate::credential::object(bytes) {
        access(&claims);
    }
}

fn claims(token: &str) {
    if let Some(claims) = claims_of(token) {
        assert_eq!(token.matches('.').count(), 2, "{token}");
        access(&claims);
    }
}

fn access(claims: &serde_json::Map<String, serde_json::Value>) {
    for access in access_of(claims).unwrap_or_default() {
        let actions = &access.actions;
        assert!(
            actions.is_sorted_by(|one, next| one < next),
            "each once: {actions:?}"
        );
        assert_ne!(access.class.as_deref(), Some(""), "no class is none");
    }
}
