//! What a caller presents: taken apart, not yet believed.
//!
//! One file for each kind. A new kind is a new file, a variant of
//! [`Credential`], and the arm in `identity` that proves it.

use std::fmt;

mod basic;
mod json;
mod jwt;
mod secret;

pub(crate) use self::json::object;
pub use self::{
    jwt::{JwtAlgorithm, JwtFault, JwtType, UnverifiedJwt},
    secret::{Secret, SecretHash, SecretKind},
};

/// What a request presented, by shape alone.
#[derive(Debug)]
pub enum Credential {
    /// Nothing was presented.
    Anonymous,
    /// A password of the shape of a JWT, under any user name.
    Jwt(UnverifiedJwt),
    /// A password of no shape that this version can prove.
    Opaque,
}

/// Where a request may carry its credential, as it came.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// `password` of a form with `grant_type=password` (RFC 6749 §4.3.2).
    pub password: Option<&'a str>,
}

/// Says what is there, never what it is.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("authorization", &self.authorization.is_some())
            .field("password", &self.password.is_some())
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
    /// More than one way to authenticate in one request (RFC 6749 §2.3).
    #[error("the credential is in the header and in the form")]
    TwoCredentials,
}

impl Credential {
    /// Takes apart what was presented.
    ///
    /// A password is a JWT by its shape alone, whatever the user name: two dots,
    /// and a first part that is a JSON object in base64url. Such a password is
    /// never tried as anything else.
    pub fn from_request(presented: &Presented<'_>) -> Result<Self, Malformed> {
        match (presented.authorization, presented.password) {
            (None, None) => Ok(Self::Anonymous),
            (Some(_), Some(_)) => Err(Malformed::TwoCredentials),
            (None, Some(password)) => Self::from_password(password),
            (Some(header), None) => {
                let basic = basic::Basic::parse(header)?;
                if basic.colon_in_user_name() {
                    return Err(Malformed::ColonInUserName);
                }
                if basic.user.is_empty() && basic.password.is_empty() {
                    return Err(Malformed::Empty);
                }
                Self::from_password(&basic.password)
            }
        }
    }

    fn from_password(password: &str) -> Result<Self, Malformed> {
        if password.is_empty() {
            return Err(Malformed::Empty);
        }
        if !jwt::is_jwt_shaped(password) {
            return Ok(Self::Opaque);
        }
        password.parse().map(Self::Jwt).map_err(Malformed::Jwt)
    }
}

#[cfg(test)]
mod tests;
