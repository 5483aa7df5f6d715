//! A JWT as a platform would sign it, signed by the development key.

use aws_lc_rs::rand;
use data_encoding::HEXLOWER;
use fixtures::Kind;
use jiff::{SignedDuration, Timestamp};

use super::{DevError, DevKey};
use crate::trial;

/// The JWT that is wanted.
#[derive(Clone, Debug)]
pub struct JwtOrder {
    /// The platform.
    pub kind: Kind,
    /// The situation; the kind's usual one, if none is named.
    pub fixture: Option<String>,
    /// Claims to set; those that depend on them follow.
    pub set: Vec<(String, String)>,
    /// The `aud`, unless it is set as a claim.
    pub audience: String,
    /// From `iat` to `exp`; as the platform does it, if not given.
    pub lifetime: Option<SignedDuration>,
}

impl JwtOrder {
    /// Signs the JWT at `now`.
    ///
    /// # Errors
    ///
    /// If there is no such fixture, or a claim cannot be what it is set to.
    pub fn sign(&self, key: &DevKey, now: Timestamp) -> Result<String, DevError> {
        let fixture = self.fixture.as_deref().unwrap_or(self.kind.usual());
        let now = now.as_second();
        let mut claims = fixtures::claims(self.kind, fixture)?
            .with(&self.set)?
            .at(now);
        if !self.sets("aud") {
            trial::address(&mut claims, &self.audience);
        }
        if !self.sets("jti") {
            claims.insert("jti".to_owned(), unique()?.into());
        }
        if let Some(lifetime) = self.lifetime {
            claims.insert(
                "exp".to_owned(),
                now.saturating_add(lifetime.as_secs()).into(),
            );
        }
        trial::compact(&DevKey::header(), claims, |input| key.sign(input))
    }

    fn sets(&self, claim: &str) -> bool {
        self.set.iter().any(|(key, _)| key == claim)
    }
}

/// An id of its own for each JWT: two of one second are two logins.
fn unique() -> Result<String, DevError> {
    let mut bytes = [0; 16];
    match rand::fill(&mut bytes) {
        Ok(()) => Ok(HEXLOWER.encode(&bytes)),
        Err(_) => Err(DevError::Key {
            action: "drawing an id for",
        }),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{rsa::PublicKeyComponents, signature::RSA_PKCS1_2048_8192_SHA256};
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::{Value, json};

    use super::*;

    fn order(kind: Kind, set: &[(&str, &str)]) -> JwtOrder {
        JwtOrder {
            kind,
            fixture: None,
            set: set
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            audience: "localhost:5000".to_owned(),
            lifetime: None,
        }
    }

    fn claims(jwt: &str) -> Value {
        let payload = jwt.split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_key_set_proves_a_jwt_of_every_kind() {
        let folder = tempfile::tempdir().unwrap();
        let key = DevKey::of(folder.path()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let set = key.key_set();
        let bytes = |member: &str| {
            BASE64URL_NOPAD
                .decode(set["keys"][0][member].as_str().unwrap().as_bytes())
                .unwrap()
        };
        let public = PublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        };
        for kind in Kind::ALL {
            let jwt = order(kind, &[]).sign(&key, now).unwrap();
            let (input, signature) = jwt.rsplit_once('.').unwrap();
            let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
            public
                .verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature)
                .unwrap();
        }
        let again = order(Kind::Oidc, &[]).sign(&key, now).unwrap();
        assert_ne!(again, order(Kind::Oidc, &[]).sign(&key, now).unwrap());
    }

    #[test]
    fn audience_lifetime_and_claims_are_as_ordered() {
        let folder = tempfile::tempdir().unwrap();
        let key = DevKey::of(folder.path()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut github = order(Kind::GithubActions, &[("repository", "acme/app")]);
        github.lifetime = Some(SignedDuration::from_mins(5));
        github.fixture = Some("tag".to_owned());
        let signed = claims(&github.sign(&key, now).unwrap());
        assert_eq!(signed["aud"], "localhost:5000");
        assert_eq!(signed["exp"], 1_700_000_300);
        assert_eq!(signed["sub"], "repo:acme@65/app@74:ref:refs/tags/v1.2.3");

        let pod = claims(&order(Kind::Kubernetes, &[]).sign(&key, now).unwrap());
        assert_eq!(pod["aud"], json!(["localhost:5000"]));
        let pod = claims(
            &order(Kind::Kubernetes, &[("aud", "other")])
                .sign(&key, now)
                .unwrap(),
        );
        assert_eq!(pod["aud"], json!(["other"]));

        github.fixture = Some("push".to_owned());
        assert!(matches!(github.sign(&key, now), Err(DevError::Fixture(_))));
    }
}
