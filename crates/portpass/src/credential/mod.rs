//! What a caller presents: taken apart, not yet believed.
//!
//! One file for each kind. A new kind is a new file, a variant of
//! [`Credential`], and the arm in `identity` that proves it.

use std::{borrow::Cow, fmt, sync::Arc};

use aws_lc_rs::digest;

mod basic;
mod client;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod json;
mod jwt;
mod password;
mod secret;

pub(crate) use self::json::object;
pub use self::{
    client::ClientCredentials,
    jwt::{JwtAlgorithm, JwtFault, JwtType, UnverifiedJwt},
    password::Password,
    secret::{Secret, SecretHash, SecretKind},
};

/// What a request presented, by shape alone.
#[derive(Debug)]
pub enum Credential {
    /// Nothing was presented.
    Anonymous,
    /// A secret that begins `portpass_at_`.
    ApiToken(Secret),
    /// A password of the shape of a JWT, under any user name.
    Jwt(Arc<UnverifiedJwt>),
    /// A password of no shape that is known here, with its user name: a person's,
    /// whom only an identity provider can prove.
    Password(Password),
    /// A secret that begins `portpass_rt_`.
    RefreshToken(Secret),
}

/// Where a request may carry its credential, as it came.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// `password` of a form with `grant_type=password` (RFC 6749 §4.3.2).
    pub password: Option<&'a str>,
    /// `username` beside it; it says nothing of who a JWT or a secret of ours is.
    pub username: Option<&'a str>,
    /// `refresh_token` of a form with `grant_type=refresh_token` (RFC 6749 §6).
    pub refresh_token: Option<&'a str>,
}

/// A secret as it was presented, and where: what is the same is read alike.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub enum Shown {
    /// The SHA-256 of a secret that stood alone.
    Bare([u8; 32]),
    /// The SHA-256 of the value of an `Authorization` header.
    Header([u8; 32]),
}

impl Shown {
    fn bare(secret: &str) -> Self {
        Self::Bare(sha256(secret.as_bytes()))
    }

    fn in_header(value: &[u8]) -> Self {
        Self::Header(sha256(value))
    }
}

fn sha256(text: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digest = digest::digest(&digest::SHA256, text);
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    bytes
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl Presented<'_> {
    /// What is shown, if it is one thing.
    pub(crate) fn shown(&self) -> Option<Shown> {
        match (self.authorization, self.password, self.refresh_token) {
            (Some(header), None, None) => Some(Shown::in_header(header)),
            (None, Some(secret), None) | (None, None, Some(secret)) => Some(Shown::bare(secret)),
            (None, None, None)
            | (Some(_), Some(_), _)
            | (Some(_), _, Some(_))
            | (_, Some(_), Some(_)) => None,
        }
    }

    /// The secret that is shown, whatever it is and wherever it stands.
    pub(crate) fn secret(&self) -> Option<Cow<'_, str>> {
        if let Some(secret) = self.password.or(self.refresh_token) {
            return Some(secret.into());
        }
        let basic = basic::Basic::parse(self.authorization?).ok()?;
        Some(basic.password.into())
    }
}

/// Says what is there, never what it is.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("authorization", &self.authorization.is_some())
            .field("password", &self.password.is_some())
            .field("username", &self.username.is_some())
            .field("refresh_token", &self.refresh_token.is_some())
            .finish()
    }
}

/// Why a credential cannot even be looked at. Never a reason to go on without.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// The header is not Basic authentication as RFC 7617 §2 writes it.
    #[error("the authorization header is not valid Basic authentication")]
    Basic,
    /// The user name contains a colon, and RFC 7617 §2 splits at the first.
    #[error("the user name must not contain a colon")]
    ColonInUserName,
    /// A credential was begun and is empty.
    #[error("the credential is empty")]
    Empty,
    /// Of the shape of a JWT, and not one that can be looked at.
    #[error("the password is not a JWT that can be read: {0}")]
    Jwt(#[source] JwtFault),
    /// Another scheme than Basic.
    #[error("the authorization scheme is not Basic")]
    Scheme,
    /// Begins like a secret of ours, and was mistyped or cut.
    #[error("the secret is damaged: it was mistyped, or is not all there")]
    Secret,
    /// More than one way to authenticate in one request (RFC 6749 §2.3).
    #[error("there is more than one credential in the header and the form")]
    TwoCredentials,
}

impl Credential {
    /// Takes apart what was presented.
    ///
    /// What a password or a refresh token is, its shape alone says, whatever the
    /// user name and wherever it stands. Two dots, and a first part that is a
    /// JSON object in base64url, are a JWT, which is never tried as anything
    /// else; the prefix of a secret of ours is that secret.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or there is more than one.
    pub fn from_request(presented: &Presented<'_>) -> Result<Self, Malformed> {
        match (
            presented.authorization,
            presented.password,
            presented.refresh_token,
        ) {
            (None, None, None) => Ok(Self::Anonymous),
            (None, Some(secret), None) => {
                let user = presented.username.unwrap_or_default();
                Self::by_shape(user, secret, || Shown::bare(secret))
            }
            (None, None, Some(secret)) => Self::by_shape("", secret, || Shown::bare(secret)),
            (Some(header), None, None) => {
                let basic = basic::Basic::parse(header)?;
                if basic.colon_in_user_name() {
                    return Err(Malformed::ColonInUserName);
                }
                Self::by_shape(&basic.user, &basic.password, || Shown::in_header(header))
            }
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(Malformed::TwoCredentials)
            }
        }
    }

    fn by_shape(user: &str, text: &str, shown: impl FnOnce() -> Shown) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Err(Malformed::Empty);
        }
        if jwt::is_jwt_shaped(text) {
            let jwt = UnverifiedJwt::read(text, shown()).map_err(Malformed::Jwt)?;
            return Ok(Self::Jwt(Arc::new(jwt)));
        }
        let Some(secret) = Secret::parse(text) else {
            return Ok(Self::Password(Password::new(user, text)));
        };
        let secret = secret?;
        Ok(match secret.kind() {
            SecretKind::ApiToken => Self::ApiToken(secret),
            SecretKind::RefreshToken => Self::RefreshToken(secret),
        })
    }
}

#[cfg(test)]
mod tests;
