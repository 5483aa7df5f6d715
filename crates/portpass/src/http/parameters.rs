//! The parameters of a query or a form, as clients really spell them.

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use crate::refused::Nonsense;

/// What a token request may say, by the names of the Docker token protocol and
/// RFC 6749. What else is there is ignored (RFC 6749 §3.2).
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) grant_type: Option<String>,
    /// Whether a refresh token is asked for: the Docker token protocol has
    /// `offline_token` for queries and `access_type` for forms.
    pub(super) offline: bool,
    pub(super) password: Option<String>,
    pub(super) refresh_token: Option<String>,
    /// Whether a credential stands there that this version does not read.
    pub(super) has_other_credential: bool,
    pub(super) scopes: Vec<String>,
    pub(super) services: Vec<String>,
    pub(super) username: Option<String>,
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
                "access_type" => {
                    parameters.offline |= value == "offline";
                    continue;
                }
                "offline_token" => {
                    parameters.offline |= value == "true";
                    continue;
                }
                "assertion" | "client_assertion" | "client_secret" => {
                    parameters.has_other_credential = true;
                    continue;
                }
                "grant_type" => &mut parameters.grant_type,
                "password" => &mut parameters.password,
                "username" => &mut parameters.username,
                "refresh_token" => &mut parameters.refresh_token,
                _ => continue,
            };
            if once.replace(value.into_owned()).is_some() {
                return Err(Nonsense::Request(format!("the request gives {name} twice")));
            }
        }
        Ok(parameters)
    }

    /// Whether a credential stands there, of whatever kind.
    pub(super) fn has_credential(&self) -> bool {
        self.password.is_some() || self.refresh_token.is_some() || self.has_other_credential
    }

    /// Whether the grant type is one that this version knows, and its
    /// credential is there; none at all is a form that carries its credential
    /// in the header.
    ///
    /// # Errors
    ///
    /// When it is another one, or the form has another credential than it
    /// names: to pass over one would make its bearer anonymous.
    pub(super) fn check_grant_type(&self) -> Result<(), Nonsense> {
        let (wanted, is_there, other) = match self.grant_type.as_deref() {
            None if self.has_other_credential => return Err(Nonsense::GrantType),
            None if self.refresh_token.is_some() => {
                let message = "a refresh_token needs grant_type=refresh_token";
                return Err(Nonsense::Request(message.to_owned()));
            }
            None => return Ok(()),
            Some("password") => ("password", &self.password, &self.refresh_token),
            Some("refresh_token") => ("refresh_token", &self.refresh_token, &self.password),
            Some(_) => return Err(Nonsense::GrantType),
        };
        let message = if is_there.is_none() {
            format!("grant_type={wanted} needs a {wanted}")
        } else if other.is_some() {
            "the request has both a password and a refresh_token".to_owned()
        } else {
            return Ok(());
        };
        Err(Nonsense::Request(message))
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

    fn check(form: &str) -> Result<(), Nonsense> {
        Parameters::read(form.as_bytes())
            .unwrap()
            .check_grant_type()
    }

    #[test]
    fn a_grant_has_the_credential_that_it_names() {
        for form in [
            "",
            "password=x",
            "grant_type=password&username=me&password=x",
            "grant_type=refresh_token&refresh_token=x",
            "grant_type=refresh_token&refresh_token=",
        ] {
            assert!(check(form).is_ok(), "{form}");
        }
    }

    #[test]
    fn a_grant_without_its_credential_is_refused_in_words() {
        for (form, words) in [
            (
                "grant_type=password&username=me",
                "grant_type=password needs a password",
            ),
            (
                "grant_type=refresh_token",
                "grant_type=refresh_token needs a refresh_token",
            ),
            (
                "grant_type=refresh_token&password=x",
                "grant_type=refresh_token needs a refresh_token",
            ),
        ] {
            assert_eq!(check(form).unwrap_err().to_string(), words, "{form}");
        }
    }

    #[test]
    fn a_credential_is_never_passed_over() {
        for (form, words) in [
            (
                "refresh_token=x",
                "a refresh_token needs grant_type=refresh_token",
            ),
            (
                "grant_type=password&password=x&refresh_token=y",
                "the request has both a password and a refresh_token",
            ),
            (
                "grant_type=refresh_token&password=x&refresh_token=y",
                "the request has both a password and a refresh_token",
            ),
            (
                "client_secret=x",
                "grant_type must be password or refresh_token",
            ),
        ] {
            assert_eq!(check(form).unwrap_err().to_string(), words, "{form}");
        }
    }

    #[test]
    fn a_grant_type_of_another_version_is_refused() {
        let refused = check("grant_type=authorization_code&code=x");
        assert!(matches!(refused, Err(Nonsense::GrantType)));
    }

    #[test]
    fn a_second_refresh_token_is_refused() {
        assert!(Parameters::read(b"refresh_token=a&refresh_token=b").is_err());
    }

    #[test]
    fn a_refresh_token_is_asked_for_in_either_words() {
        let offline = |form: &str| Parameters::read(form.as_bytes()).unwrap().offline;
        for asked in ["offline_token=true", "access_type=offline"] {
            assert!(offline(asked), "{asked}");
        }
        for not_asked in [
            "",
            "offline_token=false",
            "offline_token=",
            "access_type=online",
        ] {
            assert!(!offline(not_asked), "{not_asked}");
        }
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
