//! The form of an OAuth 2 request: each parameter by its name, none twice.

use std::collections::BTreeMap;

use axum::{body::Bytes, extract::rejection::BytesRejection, http::HeaderMap};

use crate::{http::token::read_body, refused::Nonsense};

/// Parameters that carry a credential; none of them is ever passed over.
const CREDENTIALS: [&str; 7] = [
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "password",
    "refresh_token",
    "subject_token",
];

/// The other parameters that may stand once (RFC 6749 §3.2).
const ONCE: [&str; 10] = [
    "access_type",
    "actor_token_type",
    "client_assertion_type",
    "client_id",
    "grant_type",
    "requested_token_type",
    "subject_token_type",
    "token",
    "token_type_hint",
    "username",
];

/// Those that may stand several times: docker repeats `scope`, and RFC 8693
/// §2.1 lets the others.
const REPEATED: [&str; 4] = ["audience", "resource", "scope", "service"];

/// What a form says, as far as we know the names; others are ignored (RFC 6749
/// §3.2).
#[derive(Default)]
pub(super) struct Form {
    once: BTreeMap<&'static str, String>,
    repeated: Vec<(&'static str, String)>,
}

impl Form {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// When it is not a form, a parameter that may stand once stands twice, or
    /// the query has a credential: that would stand in every log on the way.
    pub(super) fn read(
        headers: &HeaderMap,
        query: Option<&str>,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Self, Nonsense> {
        refuse_in_query(query.unwrap_or_default())?;
        Self::parse(&read_body(headers, body)?)
    }

    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Nonsense> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            let known = |names: &[&'static str]| names.iter().copied().find(|one| *one == name);
            if let Some(name) = known(&REPEATED) {
                form.repeated.push((name, value.into_owned()));
            } else if let Some(name) = known(&CREDENTIALS).or_else(|| known(&ONCE))
                && form.once.insert(name, value.into_owned()).is_some()
            {
                return Err(Nonsense::Request(format!("the request gives {name} twice")));
            }
        }
        Ok(form)
    }

    /// The value of a parameter; one without a value is as good as left out
    /// (RFC 6749 §3.2).
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.once
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter, empty if it has none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.once.get(name).map(String::as_str)
    }

    /// The values of a parameter that may be repeated.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.repeated
            .iter()
            .filter(move |(known, value)| *known == name && !value.is_empty())
            .map(|(_name, value)| value.as_str())
    }

    /// The credentials there are, even empty ones, with their names.
    pub(super) fn credentials(&self) -> impl Iterator<Item = (&'static str, &str)> {
        CREDENTIALS
            .into_iter()
            .filter_map(|name| Some((name, self.value(name)?)))
    }
}

/// Whatever else stands in a query is not looked at (RFC 6749 §3.2).
pub(super) fn refuse_in_query(query: &str) -> Result<(), Nonsense> {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _value)| name);
    match names.find(|name| CREDENTIALS.contains(&&**name) || name == "token") {
        Some(name) => Err(Nonsense::Request(format!(
            "{name} does not belong in a query; send it in the form"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_stand_once_is_refused_the_second_time() {
        for name in CREDENTIALS.into_iter().chain(ONCE) {
            let refused = Form::parse(format!("{name}=a&{name}=a").as_bytes());
            let message = refused.err().map(|nonsense| nonsense.to_string());
            assert_eq!(message, Some(format!("the request gives {name} twice")));
        }
    }

    #[test]
    fn what_may_be_repeated_keeps_its_order() {
        let form = Form::parse(b"scope=b&service=s&scope=&scope=a").unwrap();
        assert_eq!(form.all("scope").collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(form.all("service").collect::<Vec<_>>(), ["s"]);
    }

    #[test]
    fn what_nobody_knows_is_ignored_however_often() {
        assert!(Form::parse(b"nonce=a&nonce=b&%FF=c").is_ok());
    }

    #[test]
    fn a_parameter_without_a_value_is_left_out_but_for_a_credential() {
        let form = Form::parse(b"client_id=&password=").unwrap();
        assert_eq!(form.text("client_id"), None);
        assert_eq!(form.credentials().collect::<Vec<_>>(), [("password", "")]);
    }

    #[test]
    fn no_credential_may_stand_in_a_query() {
        for name in CREDENTIALS.into_iter().chain(["token"]) {
            let refused = refuse_in_query(&format!("scope=a&{name}=x")).unwrap_err();
            assert!(refused.to_string().starts_with(name), "{refused}");
        }
        assert!(refuse_in_query("scope=a&username=me").is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::parse(&bytes);
        }
    }
}
