//! HTTP Basic authentication (RFC 7617).

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Malformed, Secret, jwt::is_jwt_shaped};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The user name, which proves nothing, and the password.
pub(super) struct Basic {
    pub(super) user: String,
    pub(super) password: String,
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic").finish_non_exhaustive()
    }
}

impl Basic {
    /// Reads the value of an `Authorization` header.
    pub(super) fn parse(header: &[u8]) -> Result<Self, Malformed> {
        let header = std::str::from_utf8(header).map_err(|_not_utf8| Malformed::Basic)?;
        let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Malformed::Scheme);
        }
        let decoded = BASE64
            .decode(encoded.trim_matches(' '))
            .map_err(|_not_base64| Malformed::Basic)?;
        let decoded = String::from_utf8(decoded).map_err(|_not_utf8| Malformed::Basic)?;
        let (user, password) = decoded.split_once(':').ok_or(Malformed::Basic)?;
        Ok(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    /// Whether the user name was cut at a colon of its own: `-u system:sa` comes
    /// as user `system`, password `sa:<jwt>`.
    pub(super) fn colon_in_user_name(&self) -> bool {
        self.password
            .rsplit_once(':')
            .is_some_and(|(_, after)| is_jwt_shaped(after) || Secret::parse(after).is_some())
    }
}
