//! The parameters of a query or a form, as clients really spell them.

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use crate::refused::Nonsense;

/// What a token request may say, by the names of the Docker token protocol and
/// RFC 6749. What else is there is ignored (RFC 6749 §3.2).
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) grant_type: Option<String>,
    pub(super) password: Option<String>,
    /// Whether a credential stands there that this version does not read.
    pub(super) has_other_credential: bool,
    pub(super) scopes: Vec<String>,
    pub(super) services: Vec<String>,
}

impl Parameters {
    /// Reads a query, or the body of a form.
    ///
    /// # Errors
    ///
    /// When a parameter that may stand once stands twice (RFC 6749 §3.2), or
    /// is not text.
    pub(super) fn read(encoded: &[u8]) -> Result<Self, Nonsense> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            let once = match &*name {
                "scope" => {
                    parameters.scopes.push(value.into_owned());
                    continue;
                }
                "service" => {
                    parameters.services.push(value.into_owned());
                    continue;
                }
                "assertion" | "client_assertion" | "client_secret" | "refresh_token" => {
                    parameters.has_other_credential = true;
                    continue;
                }
                "grant_type" => &mut parameters.grant_type,
                "password" => &mut parameters.password,
                _ => continue,
            };
            if once.replace(value.into_owned()).is_some() {
                return Err(Nonsense::Request(format!("the request gives {name} twice")));
            }
        }
        Ok(parameters)
    }

    /// Whether the grant type is one that this version knows; none at all is
    /// a form that carries its credential in the header.
    ///
    /// # Errors
    ///
    /// When it is another one, or a password grant without a password.
    pub(super) fn check_grant_type(&self) -> Result<(), Nonsense> {
        if self.has_other_credential && self.grant_type.is_none() {
            // It must not be passed over: that would make its bearer anonymous.
            return Err(Nonsense::GrantType);
        }
        match (self.grant_type.as_deref(), &self.password) {
            (Some("password"), None) => Err(Nonsense::Request(
                "grant_type=password needs a password".to_owned(),
            )),
            (Some("password"), Some(_)) | (None, _) => Ok(()),
            (Some(_), _) => Err(Nonsense::GrantType),
        }
    }
}

/// Whether a body is a form; parameters such as `charset` may follow the type.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| {
            media
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scopes_may_be_repeated() {
        let parameters = Parameters::read(b"scope=a&scope=b+c&service=s&account=me").unwrap();
        assert_eq!(parameters.scopes, ["a", "b c"]);
        assert_eq!(parameters.services, ["s"]);
    }

    #[test]
    fn a_second_password_is_refused() {
        assert!(Parameters::read(b"password=a&password=b").is_err());
    }

    #[test]
    fn a_grant_type_of_another_version_is_refused() {
        let parameters = Parameters::read(b"grant_type=refresh_token&refresh_token=x").unwrap();
        assert!(matches!(
            parameters.check_grant_type(),
            Err(Nonsense::GrantType)
        ));
    }

    #[test]
    fn a_password_grant_needs_a_password() {
        let parameters = Parameters::read(b"grant_type=password&username=me").unwrap();
        assert!(parameters.check_grant_type().is_err());
    }

    #[test]
    fn a_charset_may_follow_the_media_type() {
        let form = |value: &'static str| {
            is_form(&HeaderMap::from_iter([(
                CONTENT_TYPE,
                value.parse().unwrap(),
            )]))
        };
        assert!(form("application/x-www-form-urlencoded; charset=utf-8"));
        assert!(form("Application/X-WWW-Form-Urlencoded"));
        assert!(!form("application/json"));
        assert!(!is_form(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Parameters::read(&bytes);
        }
    }
}
