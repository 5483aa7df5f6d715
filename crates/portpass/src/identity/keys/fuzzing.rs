//! What holds of whatever an issuer answers when it is asked for its keys.

use reqwest::Url;

use super::{fetch, jwks::KeySet};
use crate::{credential::JwtAlgorithm, fuzzing::laws, identity::claims::is_text};

/// The address whose discovery document is read.
const BASE: &str = "https://issuer.example.com:8443/realms/acme";

/// Bytes as a JSON Web Key Set.
pub fn jwks(bytes: &[u8]) {
    let set = match KeySet::parse(bytes) {
        Ok(set) => set,
        Err(fault) => return laws::is_brief(&fault),
    };
    let again = KeySet::parse(bytes).expect("what is read is read again");
    assert_eq!(set.digest(), again.digest(), "a text means one set");
    assert!((1..=100).contains(&(set.len() + set.skipped.len())));
    assert!(set.missing_in(&again).is_empty(), "a set has its own keys");
    for algorithm in JwtAlgorithm::ALL {
        let only = set.find(None, algorithm);
        assert!(only.len() <= 1, "without an id there is no choice");
        for key in &only {
            let id = key.id();
            assert!(!id.is_empty() && is_text(id), "{id:?}");
            assert!(set.has(id), "a key is found by its id");
            assert!(
                !key.verifies(algorithm, b"message", &[1; 64]),
                "nobody signed it"
            );
        }
    }
    for fault in &set.skipped {
        laws::is_brief(fault);
    }
}

/// Bytes as a discovery document (OpenID Connect Discovery 1.0 §4).
pub fn discovery(bytes: &[u8]) {
    let base: Url = BASE.parse().expect("an address");
    match fetch::key_set_address(bytes, &base, &base, &[BASE.to_owned()]) {
        Ok(found) => {
            assert_eq!((found.host(), found.scheme()), (base.host(), "https"));
            assert!(found.username().is_empty() && found.password().is_none());
        }
        Err(error) => laws::is_one_line(&error, 4096),
    }
}
