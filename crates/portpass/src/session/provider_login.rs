//! What a provider's token said of a job, kept beside what the job's own JWT said.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::short_id::{NoShortId, ShortId};

/// What a verified token of an identity provider said, for a job whose facts it adds to.
///
/// As in a session: what was verified, and nothing that was concluded from it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct ProviderLogin {
    /// The name here of the issuer that the provider is.
    pub issuer: Arc<str>,
    /// The immutable id of the token's subject.
    pub id: Arc<str>,
    /// What that issuer stood for then.
    pub binding: ShortId,
    /// The provider's key that signed it: its `kid`, or its thumbprint if it has none.
    pub key: Arc<str>,
    /// Its `iat`.
    pub issued: Timestamp,
    /// Its `exp`.
    pub expires: Timestamp,
    /// Its verified payload.
    pub claims: Arc<Map<String, Value>>,
}

/// The same, as the column `provider` has it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    issuer: String,
    id: String,
    binding: String,
    key: String,
    issued: Timestamp,
    expires: Timestamp,
    claims: Map<String, Value>,
}

impl From<ProviderLogin> for Stored {
    fn from(login: ProviderLogin) -> Self {
        Self {
            issuer: login.issuer.as_ref().to_owned(),
            id: login.id.as_ref().to_owned(),
            binding: login.binding.to_string(),
            key: login.key.as_ref().to_owned(),
            issued: login.issued,
            expires: login.expires,
            claims: Arc::unwrap_or_clone(login.claims),
        }
    }
}

impl TryFrom<Stored> for ProviderLogin {
    type Error = NoShortId;

    fn try_from(stored: Stored) -> Result<Self, NoShortId> {
        Ok(Self {
            issuer: stored.issuer.into(),
            id: stored.id.into(),
            binding: stored.binding.parse()?,
            key: stored.key.into(),
            issued: stored.issued,
            expires: stored.expires,
            claims: Arc::new(stored.claims),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored() -> Value {
        json!({
            "issuer": "keycloak",
            "id": "f3a1",
            "binding": "bbbbbbbbbbbbbbbb",
            "key": "k",
            "issued": "2026-11-23T12:00:00Z",
            "expires": "2026-11-23T12:05:00Z",
            "claims": { "groups": ["push"], "sub": "f3a1" },
        })
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let login: ProviderLogin = serde_json::from_value(stored()).unwrap();
        assert_eq!(&*login.issuer, "keycloak");
        assert_eq!(&*login.id, "f3a1");
        assert_eq!(login.binding.to_string(), "bbbbbbbbbbbbbbbb");
        assert_eq!(&*login.key, "k");
        assert_eq!(login.issued.to_string(), "2026-11-23T12:00:00Z");
        assert_eq!(login.expires.to_string(), "2026-11-23T12:05:00Z");
        assert_eq!(login.claims["groups"][0], "push");
        assert_eq!(serde_json::to_value(login).unwrap(), stored());
    }

    #[test]
    fn what_we_never_write_is_not_read() {
        let with = |key: &str, value: Value| {
            let mut stored = stored();
            stored[key] = value;
            stored
        };
        let mut lacking = stored();
        lacking.as_object_mut().unwrap().remove("key");
        for wrong in [
            Value::Null,
            lacking,
            with("binding", json!("BBBB")),
            with("issued", json!(1_700_000_000)),
            with("claims", json!([])),
            with("more", json!("?")),
        ] {
            let read = serde_json::from_value::<ProviderLogin>(wrong.clone());
            assert!(read.is_err(), "{wrong}");
        }
    }
}
