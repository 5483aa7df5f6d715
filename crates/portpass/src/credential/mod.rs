//! What a caller presents: taken apart, not yet believed.
//!
//! One file for each kind. A new kind is a new file, a variant of
//! [`Credential`], and the arm in `identity` that proves it.

mod basic;
mod jwt;

pub use self::jwt::UnverifiedJwt;

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
#[derive(Default)]
pub struct Presented<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// `password` of a form with `grant_type=password` (RFC 6749 §4.3.2).
    pub password: Option<&'a str>,
}
// contract: Credential::from_request(&Presented) -> Result<Credential, Malformed>
//   both header and form -> Malformed (RFC 6749 §2.3); Basic with empty user and password -> Malformed/Opaque, never Anonymous;
//   JWT-shaped = two dots and the first segment base64url-decodes to a JSON object -> only ever a JWT.
