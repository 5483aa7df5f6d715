//! The first part of a token, encoded once for each key.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::Serialize;

use super::{certificate::Certificate, public_key::PublicKey};
use crate::registry::{Algorithm, Naming, Profile};

/// A JOSE header (RFC 7515 §4.1).
#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5c: Option<[String; 1]>,
}

/// The encoded header of the tokens that a key signs for a registry that knows it by a name.
///
/// `x5c` tokens carry a `kid` as well: registries look at `x5c` first
/// (distribution 2.8 and 3, `registry/auth/token/token.go`), and whoever
/// verifies by the JWKS finds the key.
pub(super) fn encode(key: &PublicKey, naming: &Naming, certificate: &Certificate) -> String {
    let header = Header {
        typ: "JWT",
        alg: key.algorithm(),
        kid: match naming {
            Naming::Kid(_)
            | Naming::Profile(Profile::Libtrust | Profile::Rfc7638 | Profile::X5c) => {
                Some(key.named(naming))
            }
            Naming::Profile(Profile::Pinned) => None,
        },
        x5c: match naming {
            // Standard base64, unlike everything around it (RFC 7515 §4.1.6).
            Naming::Profile(Profile::X5c) => Some([BASE64.encode(certificate.der())]),
            Naming::Kid(_)
            | Naming::Profile(Profile::Libtrust | Profile::Pinned | Profile::Rfc7638) => None,
        },
    };
    let json = serde_json::to_vec(&header).expect("a header of strings is JSON");
    BASE64URL_NOPAD.encode(&json)
}
