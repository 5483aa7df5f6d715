//! Vectors from elsewhere: RFC 7638, and keys measured with another program.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};

use super::*;
use crate::token::{public_key::PublicKey, signing_key::SigningKey};

/// Keys of PKCS #8 whose x, and whose y, begins with a zero byte.
pub(super) const ZERO_X: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgttMoU9GOD1Gh4SlejyB7rLhQ5BJG1UQUbBfuBRrQrcShRANCAAQAJxKgYTQMTLt0sO+JTTeTBKidZODfYoEUR7ozYbuajbY3noTGPXz+811QO/fqR+CdsRMUmT4ztLUFg711XRqY";
pub(super) const ZERO_Y: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvHssqdkgvGADBDgy2LrUnwAU5C77LiKO5f9KvPoQWVKhRANCAAREBWKwCpDcrvQQFEpKUDKxj6p/6PkUIKIPjjqIrtEFYwCYSWYQxbCPhWH+fLBKUJkqrCoJ2X274CHE+BBmghgS";

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    // RFC 7638 §3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let rsa = RsaPublicKeyComponents {
        n: BASE64URL_NOPAD.decode(n.as_bytes()).unwrap(),
        e: vec![1, 0, 1],
    };
    let spki: PublicKeyX509Der<'_> = rsa.as_der().unwrap();
    let key = PublicKey::from_spki(spki.as_ref()).unwrap();
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(key.id(Profile::Rfc7638), expected);
    assert_eq!(key.jwk(expected)["n"], n);
    assert_eq!(key.jwk(expected)["e"], "AQAB");
}

#[test]
fn the_fingerprint_is_that_of_libtrust() {
    // openssl dgst -sha256 -binary key.der | head -c 30 | base32
    let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpKoF8XRoeLFpQkS5YzxCZ6Bs59U5Dg0bFTchDwuOFDtvvKIjfz8tRG2dJkFMcDHJxe2fwyJKD4f5RS/TfpG+YQ==";
    let key = PublicKey::from_spki(&BASE64.decode(spki.as_bytes()).unwrap()).unwrap();
    let expected = "CW5R:F3JP:NJYD:LQVW:UUPX:EZWX:YDLU:JXXC:EQIH:PEY6:CF24:H2T5";
    assert_eq!(key.id(Profile::Libtrust), expected);
    assert_eq!(key.jwk(&key.id(Profile::Libtrust))["kid"], expected);
}

#[test]
fn a_coordinate_with_a_leading_zero_is_refused() {
    for key in [ZERO_X, ZERO_Y] {
        let error = SigningKey::from_pkcs8(&BASE64.decode(key.as_bytes()).unwrap()).unwrap_err();
        assert!(error.contains("begins with a zero byte"), "{error}");
    }
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let error = SigningKey::from_pkcs8(key.serialized_der()).unwrap_err();
    assert_eq!(error, "an elliptic-curve key that is not P-256");
    assert!(PublicKey::from_spki(b"nonsense").is_err());
    assert!(SigningKey::from_pkcs8(b"nonsense").is_err());
}

#[test]
fn a_made_key_survives_its_file() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let read = SigningKey::from_pkcs8(key.pkcs8()).unwrap();
        assert_eq!(read.public(), key.public());
        assert_eq!(read.public().algorithm(), algorithm);
    }
}
