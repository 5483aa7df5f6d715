//! `WWW-Authenticate`: how a registry says where tokens are to be had.

/// A Bearer challenge (RFC 6750 §3, and the registries' realm and service).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Challenge {
    pub(super) realm: Option<String>,
    pub(super) service: Option<String>,
    pub(super) error: Option<String>,
}

impl Challenge {
    /// The Bearer challenge among the values of the headers, if there is one.
    pub(super) fn among(values: &[String]) -> Option<Self> {
        values.iter().find_map(|value| Self::parse(value))
    }

    /// Reads one header's value, of which a Bearer challenge is the first.
    fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self::default();
        let mut rest = rest.trim_start();
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = value_of(after)?;
            match name.trim().to_ascii_lowercase().as_str() {
                "realm" => challenge.realm = Some(value),
                "service" => challenge.service = Some(value),
                "error" => challenge.error = Some(value),
                _ => {}
            }
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
        Some(challenge)
    }
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.trim().to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Challenge> {
        Challenge::among(&[text.to_owned()])
    }

    #[test]
    fn what_registries_send_is_read() {
        let found = parsed(
            r#"Bearer realm="https://r.example.com/token?a=b,c",service="r.example.com",scope="repository:a:pull,push",error="invalid_token""#,
        );
        assert_eq!(
            found.unwrap(),
            Challenge {
                realm: Some("https://r.example.com/token?a=b,c".to_owned()),
                service: Some("r.example.com".to_owned()),
                error: Some("invalid_token".to_owned()),
            }
        );
        let found = parsed(r#"bearer service = x , realm="a\"b""#).unwrap();
        assert_eq!(found.realm.as_deref(), Some("a\"b"));
        assert_eq!(found.service.as_deref(), Some("x"));
    }

    #[test]
    fn what_is_no_bearer_challenge_is_none() {
        for text in [
            "Basic realm=\"x\"",
            "Bearer",
            "",
            "Bearer realm=\"never ends",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
