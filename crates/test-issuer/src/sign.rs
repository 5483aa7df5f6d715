//! What the control API signs: a fixture, changed and spoilt as the test wants.

use anyhow::{Context as _, bail};
use aws_lc_rs::{hmac, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{issuer::Issuer, key::Key};

/// A JWT to sign. Later members win over earlier ones, whatever they say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Order {
    /// Whose JWT it is: the name of an issuer.
    pub(crate) issuer: String,
    /// The fixture it begins with; the kind's usual one, if none.
    pub(crate) fixture: Option<String>,
    /// Claims to set, those that depend on them following.
    pub(crate) set: Map<String, Value>,
    /// The `aud`, one or several.
    pub(crate) audience: Option<Value>,
    /// Seconds from `iat` to `exp`.
    pub(crate) lifetime: Option<i64>,
    /// Seconds that lie between `iat` and now.
    pub(crate) age: i64,
    /// Signed an hour earlier than it is.
    pub(crate) expired: bool,
    /// Claims put in place as they are, of any type.
    pub(crate) claims: Map<String, Value>,
    /// Claims left out.
    pub(crate) unset: Vec<String>,
    /// Header members put in place as they are.
    pub(crate) header: Map<String, Value>,
    /// Header members left out.
    pub(crate) header_unset: Vec<String>,
    /// The id of the key to sign with, published or not; the newest, if none.
    pub(crate) kid: Option<String>,
    /// The whole header, in place of all the above.
    pub(crate) header_text: Option<String>,
    /// The whole payload, in place of all the above.
    pub(crate) payload_text: Option<String>,
    /// What is wrong with the signature.
    pub(crate) spoil: Spoil,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Spoil {
    /// `alg` is `none`, and there is no signature.
    AlgNone,
    /// `alg` is `HS256`, the secret the public key in PEM.
    Hs256PublicKey,
    /// Nothing.
    #[default]
    None,
    /// The signature is of another payload.
    OtherPayload,
    /// Signed by an unknown key under the right key's id.
    WrongKey,
}

impl Order {
    /// An order from a query: `set=repository=acme/app` may stand several times.
    pub(crate) fn from_query(pairs: Vec<(String, String)>) -> anyhow::Result<Self> {
        let mut order = Self::default();
        for (key, value) in pairs {
            let wrong = || format!("`{key}` cannot be `{value}`");
            match key.as_str() {
                "issuer" => order.issuer = value,
                "fixture" => order.fixture = Some(value),
                "set" => {
                    let (claim, to) = value.split_once('=').with_context(wrong)?;
                    order.set.insert(claim.to_owned(), to.into());
                }
                "audience" => order.audience = Some(value.into()),
                "lifetime" => order.lifetime = Some(value.parse().with_context(wrong)?),
                "age" => order.age = value.parse().with_context(wrong)?,
                "expired" => order.expired = value.parse().with_context(wrong)?,
                "unset" => order.unset.push(value),
                "header_unset" => order.header_unset.push(value),
                "kid" => order.kid = Some(value),
                "spoil" => {
                    order.spoil =
                        serde_json::from_value(value.clone().into()).with_context(wrong)?;
                }
                _ => bail!("no parameter `{key}`; what it may say in JSON, POST takes"),
            }
        }
        Ok(order)
    }

    /// The JWT, at `now` in seconds since 1970.
    pub(crate) fn sign(&self, issuer: &Issuer, now: i64) -> anyhow::Result<String> {
        let mut keys = issuer.keys.iter().rev();
        let key = match &self.kid {
            Some(kid) => keys
                .find(|key| key.kid == *kid)
                .with_context(|| format!("no key `{kid}`"))?,
            None => keys.next().context("an issuer has a key")?,
        };
        let header = match &self.header_text {
            Some(text) => text.clone(),
            None => Value::from(self.header(key)).to_string(),
        };
        let payload = match &self.payload_text {
            Some(text) => text.clone(),
            None => Value::from(self.payload(issuer, now)?).to_string(),
        };
        let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
        let signature = self.signature(key, &input)?;
        Ok(format!("{input}.{}", BASE64URL.encode(signature)))
    }

    fn header(&self, key: &Key) -> Map<String, Value> {
        let algorithm = match self.spoil {
            Spoil::AlgNone => "none",
            Spoil::Hs256PublicKey => "HS256",
            Spoil::None | Spoil::OtherPayload | Spoil::WrongKey => key.algorithm.name(),
        };
        let mut header = Map::new();
        header.insert("alg".to_owned(), algorithm.into());
        header.insert("kid".to_owned(), key.kid.clone().into());
        header.insert("typ".to_owned(), "JWT".into());
        header.extend(self.header.clone());
        header.retain(|member, _| !self.header_unset.contains(member));
        header
    }

    fn payload(&self, issuer: &Issuer, now: i64) -> anyhow::Result<Map<String, Value>> {
        let fixture = self.fixture.as_deref().unwrap_or(issuer.kind.usual());
        let set: Vec<_> = self
            .set
            .iter()
            .map(|(claim, to)| {
                (
                    claim,
                    to.as_str().map_or_else(|| to.to_string(), str::to_owned),
                )
            })
            .collect();
        let signed = now
            - self.age
            - if self.expired {
                3600 + self.lifetime.unwrap_or(3600)
            } else {
                0
            };
        let mut claims = fixtures::claims(issuer.kind, fixture)?
            .with(&set)?
            .at(signed);
        for (claim, value) in [("iss", issuer.url.clone()), ("jti", unique()?)] {
            if !self.set.contains_key(claim) {
                claims.insert(claim.to_owned(), value.into());
            }
        }
        if let Some(audience) = &self.audience {
            claims.insert("aud".to_owned(), audience.clone());
        }
        if let Some(lifetime) = self.lifetime {
            claims.insert("exp".to_owned(), json!(signed + lifetime));
        }
        claims.extend(self.claims.clone());
        claims.retain(|claim, _| !self.unset.contains(claim));
        Ok(claims)
    }

    fn signature(&self, key: &Key, input: &str) -> anyhow::Result<Vec<u8>> {
        match self.spoil {
            Spoil::AlgNone => Ok(Vec::new()),
            Spoil::Hs256PublicKey => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem()?.as_bytes());
                Ok(hmac::sign(&secret, input.as_bytes()).as_ref().to_vec())
            }
            Spoil::None => key.sign(input.as_bytes()),
            Spoil::OtherPayload => key.sign(format!("{input}x").as_bytes()),
            Spoil::WrongKey => {
                Key::generate(key.kid.clone(), key.algorithm)?.sign(input.as_bytes())
            }
        }
    }
}

/// Sixteen random bytes in hexadecimal digits.
pub(crate) fn unique() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).context("drawing random bytes")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
