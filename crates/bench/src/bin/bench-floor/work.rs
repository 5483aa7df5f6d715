//! What is done for each request.

use anyhow::{Context as _, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RsaPublicKeyComponents,
    },
};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use serde_json::Value;

use crate::sample::Sample;

/// Keys that were parsed once, and the answer's frame.
#[derive(Debug)]
pub(crate) struct Work {
    platform: Option<ParsedPublicKey>,
    key: EcdsaKeyPair,
    random: SystemRandom,
    sample: Sample,
}

impl Work {
    /// Work that ends in answers like the sample; with a key set, it begins with RS256.
    pub(crate) fn new(sample: Sample, keys: Option<&[u8]>) -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Ok(Self {
            platform: keys.map(public_key).transpose()?,
            key: key.ok().context("no key can be made")?,
            random: SystemRandom::new(),
            sample,
        })
    }

    /// The answer to a request; none, if its JWT is not the platform's.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Option<(HeaderMap, String)> {
        if let Some(platform) = &self.platform {
            verify(platform, headers)?;
        }
        let Sample {
            headers,
            input,
            around,
        } = &self.sample;
        let signature = self.key.sign(&self.random, input.as_bytes()).ok()?;
        let token = format!("{input}.{}", BASE64URL.encode(signature));
        Some((headers.clone(), around.join(&token)))
    }
}

/// Verifies the JWT that is the password of Basic credentials (RFC 7617, RFC 7518 §3.3).
fn verify(platform: &ParsedPublicKey, headers: &HeaderMap) -> Option<()> {
    let credential = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = BASE64.decode(credential.strip_prefix("Basic ")?).ok()?;
    let (_, jwt) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let (input, signature) = jwt.rsplit_once('.')?;
    let signature = BASE64URL.decode(signature).ok()?;
    platform.verify_sig(input.as_bytes(), &signature).ok()
}

/// The first key of a set (RFC 7518 §6.3.1).
fn public_key(keys: &[u8]) -> Result<ParsedPublicKey> {
    let keys: Value = serde_json::from_slice(keys)?;
    let number = |name: &str| {
        let text = keys.pointer(&format!("/keys/0/{name}"));
        let text = text.and_then(Value::as_str).context("no RSA key")?;
        BASE64URL.decode(text).context("no number")
    };
    let components = RsaPublicKeyComponents {
        n: number("n")?,
        e: number("e")?,
    };
    let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
    key.ok().context("no RSA key of 2048 bits or more")
}

#[cfg(test)]
mod tests {
    use bench::{fill::Sizes, jobs::Platform, requests::present};

    use super::*;

    fn headers(request: &[u8]) -> HeaderMap {
        let text = std::str::from_utf8(request).unwrap();
        let (_, rest) = text.split_once("Authorization: ").unwrap();
        let value = rest.trim_end().parse().unwrap();
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    }

    fn sample() -> Sample {
        Sample {
            headers: HeaderMap::new(),
            input: "a.b".to_owned(),
            around: vec!["<".to_owned(), "|".to_owned(), ">".to_owned()],
        }
    }

    #[test]
    fn the_floor_does_not_answer_what_the_platform_did_not_sign() {
        let sizes = Sizes {
            events: 0,
            identities: 1,
            sessions: 0,
        };
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let platform = Platform::new(ours.path(), &sizes).unwrap();
        let other = Platform::new(theirs.path(), &sizes).unwrap();
        let keys = platform.key_set().to_string();
        let work = Work::new(sample(), Some(keys.as_bytes())).unwrap();
        let ask = |platform: &Platform| {
            let jwts = platform.sign(1).unwrap();
            work.answer(&headers(&present(&jwts[0], false)))
        };
        let (_, body) = ask(&platform).unwrap();
        assert!(ask(&other).is_none());
        assert!(work.answer(&HeaderMap::new()).is_none());
        // Both tokens are the one that was signed: 64 bytes of signature (RFC 7518 §3.4).
        let (one, two) = body.split_once('|').unwrap();
        assert_eq!(one.trim_start_matches('<'), two.trim_end_matches('>'));
        assert_eq!(one.len(), "<a.b.".len() + 86);
    }
}
