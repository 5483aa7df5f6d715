//! What the address of an issuer looks like: `https://oidc.circleci.com/org/{uuid}`.

use std::fmt;

use serde::{Deserialize, de::IntoDeserializer as _};

use super::form::Form;

/// The form of an address.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct UrlForm {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    Of(Form),
}

impl UrlForm {
    /// Whether an address is of the form, from its first byte to its last.
    pub(super) fn fits(&self, url: &str) -> bool {
        let mut rest = url;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            let found = match part {
                Part::Literal(literal) => rest.strip_prefix(literal.as_str()),
                Part::Of(form) => {
                    let end = match parts.peek() {
                        Some(Part::Literal(next)) => rest.find(next.as_str()),
                        Some(Part::Of(_)) | None => Some(rest.len()),
                    };
                    end.and_then(|end| rest.split_at_checked(end))
                        .filter(|(value, _)| form.fits(value))
                        .map(|(_, after)| after)
                }
            };
            match found {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

impl UrlForm {
    /// The host, where it is the same for every address of the form.
    pub(super) fn host(&self) -> Option<&str> {
        let Some(Part::Literal(start)) = self.parts.first() else {
            return None;
        };
        let (host, _) = start.strip_prefix("https://")?.split_once('/')?;
        Some(host)
    }
}

impl fmt::Display for UrlForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl TryFrom<String> for UrlForm {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = source.as_str();
        while let Some((literal, after)) = rest.split_once('{') {
            let (form, after) = after
                .split_once('}')
                .ok_or_else(|| format!("{source:?} has no end of {{"))?;
            parts.push(Part::Literal(literal.to_owned()));
            let form: Result<Form, serde::de::value::Error> =
                Form::deserialize(form.into_deserializer());
            parts.push(Part::Of(form.map_err(|error| error.to_string())?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { source, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> UrlForm {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn an_address_fits_whole() {
        let circleci = form("https://oidc.circleci.com/org/{uuid}");
        let org = "https://oidc.circleci.com/org/0184990a-477b-4fa8-9968-496074483cee";
        assert!(circleci.fits(org));
        for bad in [
            "https://oidc.circleci.com/org/acme".to_owned(),
            format!("{org}/"),
            format!("{org}/x"),
            format!("https://evil.example/{org}"),
            "https://oidc.circleci.com/org/".to_owned(),
        ] {
            assert!(!circleci.fits(&bad), "{bad}");
        }
    }

    #[test]
    fn a_hole_may_be_in_the_middle() {
        let form = form("https://{host}/account/{word}/oidc");
        assert!(form.fits("https://app.example.com/account/a_1/oidc"));
        assert!(!form.fits("https://app.example.com/x/account/a_1/oidc"));
        assert!(!form.fits("https://app.example.com/account/a/b/oidc"));
        assert!(UrlForm::try_from("https://{name}".to_owned()).is_err());
    }

    #[test]
    fn a_host_is_known_where_no_hole_is_in_it() {
        let of = |text| form(text).host().map(str::to_owned);
        let circleci = of("https://oidc.circleci.com/org/{uuid}");
        assert_eq!(circleci.as_deref(), Some("oidc.circleci.com"));
        for open in ["https://{host}/a", "https://a.{host}/b", "https://{text}"] {
            assert_eq!(of(open), None, "{open}");
        }
    }
}
