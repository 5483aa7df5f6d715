//! JWTs that prove nobody, each another one.

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Map, Value};

/// As long as a signature by a key of 2048 bits.
const SIGNATURE_BYTES: usize = 256;

/// Makes JWTs that look like one that is valid.
#[derive(Debug)]
pub(crate) struct Junk {
    header: Map<String, Value>,
    payload: Map<String, Value>,
    number: u64,
}

impl Junk {
    /// JWTs like this one.
    pub(crate) fn like(jwt: &str) -> Result<Self> {
        let mut parts = jwt.split('.');
        let mut part = || -> Result<Map<String, Value>> {
            let part = parts.next().context("a JWT has three parts")?;
            Ok(serde_json::from_slice(&BASE64.decode(part)?)?)
        };
        Ok(Self {
            header: part()?,
            payload: part()?,
            number: 0,
        })
    }

    /// The next one: in turn of an issuer that nobody knows, under a key that nobody has, and under
    /// a known key with a signature that it has not made.
    pub(crate) fn next(&mut self) -> Result<String> {
        self.number += 1;
        let number = self.number;
        let (mut header, mut payload) = (self.header.clone(), self.payload.clone());
        payload.insert("jti".to_owned(), number.into());
        match number % 3 {
            0 => payload.insert("iss".to_owned(), format!("https://{number}.example").into()),
            1 => header.insert("kid".to_owned(), number.to_string().into()),
            _ => None,
        };
        let header = BASE64.encode(serde_json::to_vec(&header)?);
        let payload = BASE64.encode(serde_json::to_vec(&payload)?);
        let signature = BASE64.encode(number.to_le_bytes().repeat(SIGNATURE_BYTES / 8));
        Ok(format!("{header}.{payload}.{signature}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_three_one_has_another_issuer_one_another_key_and_one_neither() {
        let header = BASE64.encode(r#"{"alg":"RS256","kid":"one"}"#);
        let payload = BASE64.encode(r#"{"iss":"https://ci"}"#);
        let mut junk = Junk::like(&format!("{header}.{payload}.x")).unwrap();
        let made: Vec<_> = (0..3)
            .map(|_| Junk::like(&junk.next().unwrap()).unwrap())
            .collect();
        let kids: Vec<_> = made.iter().map(|junk| &junk.header["kid"]).collect();
        let issuers: Vec<_> = made.iter().map(|junk| &junk.payload["iss"]).collect();
        assert_eq!(kids, ["1", "one", "one"]);
        assert_eq!(issuers, ["https://ci", "https://ci", "https://3.example"]);
    }
}
