//! JSON Web Tokens, before anything in them is believed (RFC 7519, RFC 8725).

use std::{fmt, str::FromStr};

use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD,
    },
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{Shown, json};
use crate::{config::SecretText, short_id::ShortId};

/// Longest JWT we look at; GitLab's with 200 groups stay under it.
const MAX_BYTES: usize = 16 * 1024;
/// Longest key id we look for.
const MAX_KID_BYTES: usize = 1024;

/// Header parameters that would make us follow the sender's keys, change what is
/// signed, or decrypt (RFC 7515 §4.1, RFC 7797 §3, RFC 7516 §4.1).
const FORBIDDEN: [&str; 7] = ["b64", "crit", "enc", "jku", "jwk", "x5u", "zip"];

/// Reads what the strict parser below will refuse: shape must not depend on it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A signature algorithm with a public key (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// `none` and the HMACs have no variant, so no list can allow them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum JwtAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl JwtAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 9] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// The algorithm's name in a JWT's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

impl FromStr for JwtAlgorithm {
    type Err = JwtFault;

    fn from_str(text: &str) -> Result<Self, JwtFault> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or(JwtFault::Algorithm)
    }
}

/// What the header says the JWT is (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JwtType {
    /// `at+jwt`: an OAuth 2.0 access token (RFC 9068 §2.1).
    AccessToken,
    /// `JWT`, or nothing.
    Jwt,
}

/// Why a text of the shape of a JWT is none that can be looked at.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum JwtFault {
    /// `alg` is missing, or none with a public key that we know.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// A header parameter that we never follow.
    #[error("its header contains a parameter that is not accepted")]
    ForbiddenHeader,
    /// The header is not a JSON object that says everything once.
    #[error("its header cannot be read")]
    Header,
    /// The payload is no JSON object with one `iss`.
    #[error("it names no issuer")]
    Issuer,
    /// Not three parts of base64url without padding.
    #[error("it is not three parts of base64url")]
    Shape,
    /// Longer than 16 KiB.
    #[error("it is longer than 16 KiB")]
    TooLarge,
    /// `typ` is that of something else.
    #[error("it is of a type that is not accepted")]
    Type,
}

/// A JWT whose signature nobody has checked.
///
/// It tells only what is needed to find the key: who says to have issued it, the
/// algorithm and the key's id.
pub struct UnverifiedJwt {
    algorithm: JwtAlgorithm,
    issuer: String,
    kid: Option<String>,
    login: ShortId,
    payload: Vec<u8>,
    shown: Shown,
    signature: Vec<u8>,
    signing_input: String,
    typ: JwtType,
}

/// Shows the login, by which the JWT can be found again, and nothing to replay.
impl fmt::Debug for UnverifiedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedJwt")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

impl UnverifiedJwt {
    /// The algorithm that the header names.
    pub fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    /// The `iss` that the payload claims.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the key that the header names.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The login this JWT is of, equal on all replicas.
    pub fn login(&self) -> ShortId {
        self.login
    }

    /// What the signature is over.
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The whole text again, for the one whom it is passed on to.
    pub(crate) fn encoded(&self) -> SecretText {
        let signature = URL_SAFE_NO_PAD.encode(&self.signature);
        format!("{}.{signature}", self.signing_input).into()
    }

    /// As what it was presented.
    pub(crate) fn shown(&self) -> Shown {
        self.shown
    }

    /// What the header says the JWT is.
    pub fn typ(&self) -> JwtType {
        self.typ
    }

    /// The payload, for whoever has checked the signature.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl FromStr for UnverifiedJwt {
    type Err = JwtFault;

    fn from_str(text: &str) -> Result<Self, JwtFault> {
        Self::read(text, Shown::bare(text))
    }
}

impl UnverifiedJwt {
    /// Takes a text apart that was presented as `shown`.
    pub(super) fn read(text: &str, shown: Shown) -> Result<Self, JwtFault> {
        if text.len() > MAX_BYTES {
            return Err(JwtFault::TooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwtFault::Shape)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwtFault::Shape)?;
        let header = Header::parse(&decode(header)?)?;
        let payload = decode(payload)?;
        let Peek { iss } =
            serde_json::from_slice(&payload).map_err(|_unreadable| JwtFault::Issuer)?;
        Ok(Self {
            algorithm: header.algorithm,
            issuer: iss,
            kid: header.kid,
            login: ShortId::of(signing_input.as_bytes()),
            payload,
            shown,
            signature: decode(signature)?,
            signing_input: signing_input.to_owned(),
            typ: header.typ,
        })
    }
}

/// Strict base64url: a dot, padding or a stray last bit is refused.
fn decode(part: &str) -> Result<Vec<u8>, JwtFault> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) | Err(_) => Err(JwtFault::Shape),
    }
}

/// Whether a text must be taken for a JWT: exactly two dots, and a first part
/// that is a JSON object.
pub(super) fn is_jwt_shaped(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(first), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    LENIENT.decode(first).is_ok_and(|header| {
        let begins = header.trim_ascii_start().starts_with(b"{");
        begins && serde_json::from_slice::<IgnoredAny>(&header).is_ok()
    })
}

/// The one claim that is looked at before the signature is.
#[derive(Deserialize)]
struct Peek {
    iss: String,
}

/// What we use of a header.
struct Header {
    algorithm: JwtAlgorithm,
    kid: Option<String>,
    typ: JwtType,
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, JwtFault> {
        let header = json::object(text).map_err(|_unreadable| JwtFault::Header)?;
        if FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
            return Err(JwtFault::ForbiddenHeader);
        }
        Ok(Self {
            algorithm: match header.get("alg") {
                Some(Value::String(name)) => name.parse()?,
                Some(_) | None => return Err(JwtFault::Algorithm),
            },
            kid: kid(&header)?,
            typ: typ(&header)?,
        })
    }
}

fn kid(header: &Map<String, Value>) -> Result<Option<String>, JwtFault> {
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if kid.len() <= MAX_KID_BYTES => Ok(Some(kid.clone())),
        Some(_) => Err(JwtFault::Header),
    }
}

/// Media types are compared without case and without `application/` (RFC 7515 §4.1.9).
fn typ(header: &Map<String, Value>) -> Result<JwtType, JwtFault> {
    let typ = match header.get("typ") {
        None => return Ok(JwtType::Jwt),
        Some(Value::String(typ)) => typ.to_ascii_lowercase(),
        Some(_) => return Err(JwtFault::Type),
    };
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "jwt" => Ok(JwtType::Jwt),
        "at+jwt" => Ok(JwtType::AccessToken),
        _ => Err(JwtFault::Type),
    }
}
