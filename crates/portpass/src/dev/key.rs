//! The one key that all platforms of `portpass dev` sign with.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use serde_json::{Value, json};

use super::DevError;
use crate::{credential::JwtAlgorithm, trial::rsa_jwk};

/// The private key's file, in PKCS #8.
const FILE: &str = "issuer-key.der";

/// The key's id, in the key set and in every JWT.
const KID: &str = "portpass-dev";

/// An RSA key that signs as any platform would (RS256).
pub struct DevKey(KeyPair);

impl DevKey {
    /// The key of a folder of `portpass dev`; made, if it has none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or is not such a key.
    pub fn of(folder: &Path) -> Result<Self, DevError> {
        let path = folder.join(FILE);
        match fs::read(&path) {
            Ok(pkcs8) => match KeyPair::from_pkcs8(&pkcs8) {
                Ok(pair) if rsa_jwk(&pair, JwtAlgorithm::Rs256, KID).is_some() => Ok(Self(pair)),
                Ok(_) | Err(_) => Err(DevError::NotAKey { path }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::generate()?;
                key.write(&path)?;
                Ok(key)
            }
            Err(error) => Err(DevError::at(path)(error)),
        }
    }

    fn generate() -> Result<Self, DevError> {
        match KeyPair::generate(KeySize::Rsa2048) {
            Ok(pair) => Ok(Self(pair)),
            Err(_) => Err(DevError::Key { action: "making" }),
        }
    }

    /// Writes the key whole or not at all: a JWT may be asked for while it is made.
    fn write(&self, path: &Path) -> Result<(), DevError> {
        let Ok(pkcs8) = self.0.as_der() else {
            return Err(DevError::Key { action: "encoding" });
        };
        let unfinished = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(&unfinished)
            .and_then(|mut file| file.write_all(pkcs8.as_ref()))
            .and_then(|()| fs::rename(&unfinished, path))
            .map_err(DevError::at(path))
    }

    /// The header of its JWTs (RFC 7515 §4).
    pub(super) fn header() -> Value {
        json!({"alg": "RS256", "kid": KID, "typ": "JWT"})
    }

    /// The signature of a JWT's signing input (RFC 7518 §3.3).
    pub(super) fn sign(&self, input: &str) -> Result<Vec<u8>, DevError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        match self
            .0
            .sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
        {
            Ok(()) => Ok(signature),
            Err(_) => Err(DevError::Key {
                action: "signing with",
            }),
        }
    }

    /// The key set that proves its JWTs (RFC 7517 §5).
    pub fn key_set(&self) -> Value {
        let jwk = rsa_jwk(&self.0, JwtAlgorithm::Rs256, KID);
        let jwk = jwk.expect("checked when it was read, and made so");
        json!({"keys": [jwk]})
    }
}

impl fmt::Debug for DevKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevKey")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_ours_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let made = DevKey::of(folder.path()).unwrap().key_set();
        assert_eq!(DevKey::of(folder.path()).unwrap().key_set(), made);
        let file = folder.path().join(FILE).metadata().unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_key_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "no key").unwrap();
        let error = DevKey::of(folder.path()).unwrap_err();
        assert!(matches!(error, DevError::NotAKey { .. }), "{error}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"no key");
    }
}
