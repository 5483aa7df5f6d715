//! What the ids of platforms look like.

use serde::Deserialize;

use crate::identity::claims::is_text;

/// The one way to write a value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    /// The ARN of an IAM role or user.
    Arn,
    /// `sc://` or `p://`, then organisation, project and name.
    AzureSubject,
    /// A UUID in braces.
    BracedUuid,
    /// A number, which may begin with zeros.
    Digits,
    /// The name of a host, or one label of it.
    Host,
    /// `owner/name`.
    OwnerAndName,
    /// `spiffe://` with a trust domain and a path.
    SpiffeId,
    /// Any short text without control characters.
    Text,
    /// Lower-case, with hyphens (RFC 9562 §4).
    Uuid,
    /// Letters, digits, `_`, `-` and `$`.
    Word,
}

impl Form {
    /// Whether a text is of the form.
    pub(super) fn fits(self, text: &str) -> bool {
        if text.is_empty() || !is_text(text) {
            return false;
        }
        match self {
            Self::Arn => is_arn(text),
            Self::AzureSubject => text
                .strip_prefix("sc://")
                .or_else(|| text.strip_prefix("p://"))
                .is_some_and(|names| {
                    names.split('/').count() == 3 && names.split('/').all(|name| !name.is_empty())
                }),
            Self::BracedUuid => text
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
                .is_some_and(is_uuid),
            Self::Digits => text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Host => text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')),
            Self::OwnerAndName => text.split_once('/').is_some_and(|(owner, name)| {
                !owner.is_empty() && !name.is_empty() && !name.contains('/')
            }),
            Self::SpiffeId => is_spiffe_id(text),
            Self::Text => true,
            Self::Uuid => is_uuid(text),
            Self::Word => text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$')),
        }
    }

    /// Whether two of the form can stand around a slash and be told apart.
    pub(super) fn holds_no_slash(self) -> bool {
        match self {
            Self::BracedUuid | Self::Digits | Self::Host | Self::Uuid | Self::Word => true,
            Self::Arn | Self::AzureSubject | Self::OwnerAndName | Self::SpiffeId | Self::Text => {
                false
            }
        }
    }

    /// The form in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Arn => "the ARN of an IAM role or user",
            Self::AzureSubject => "`sc://` or `p://` with organisation, project and name",
            Self::BracedUuid => "a UUID in braces and small letters",
            Self::Digits => "a number in quotes",
            Self::Host => "a host",
            Self::OwnerAndName => "`OWNER/NAME`",
            Self::SpiffeId => "a SPIFFE ID",
            Self::Text => "a text",
            Self::Uuid => "a UUID in small letters",
            Self::Word => "letters, digits, `_`, `-` and `$`",
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// `arn:PARTITION:iam::ACCOUNT:role/…` or `…:user/…`.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, name] = parts.as_slice() else {
        return false;
    };
    let name = name
        .strip_prefix("role/")
        .or_else(|| name.strip_prefix("user/"));
    partition.starts_with("aws")
        && account.len() == 12
        && Form::Digits.fits(account)
        && name.is_some_and(|name| !name.is_empty() && !name.contains('*'))
}

/// A trust domain and a path of one segment or more (SPIFFE-ID §2).
fn is_spiffe_id(text: &str) -> bool {
    let Some((domain, path)) = text
        .strip_prefix("spiffe://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let is_domain = !domain.is_empty()
        && domain
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'));
    is_domain
        && path.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(form.fits(text), "{form:?} {text}");
        }
        for text in bad.iter().chain(&["", "a\nb"]) {
            assert!(!form.fits(text), "{form:?} {text}");
        }
    }

    #[test]
    fn uuids_have_one_spelling() {
        let uuid = "0184990a-477b-4fa8-9968-496074483cee";
        let upper = uuid.to_uppercase();
        let braced = format!("{{{uuid}}}");
        check(
            Form::Uuid,
            &[uuid],
            &[&upper, &braced, "0184990a477b4fa89968496074483cee"],
        );
        check(Form::BracedUuid, &[&braced], &[uuid, &upper]);
    }

    #[test]
    fn arns_are_of_roles_and_users() {
        check(
            Form::Arn,
            &[
                "arn:aws:iam::012345678901:role/ci",
                "arn:aws-cn:iam::123456789012:user/team/jo",
            ],
            &[
                "arn:aws:iam::123456789012:root",
                "arn:aws:iam::12345678901:role/ci",
                "arn:aws:iam::123456789012:role/*",
                "arn:aws:iam::123456789012:role/",
                "arn:aws:sts::123456789012:assumed-role/ci/session",
                "role/ci",
            ],
        );
    }

    #[test]
    fn spiffe_ids_have_a_domain_and_a_path_that_goes_nowhere_else() {
        check(
            Form::SpiffeId,
            &["spiffe://example.org/ns/prod/sa/builder", "spiffe://td_1/x"],
            &[
                "spiffe://example.org",
                "spiffe://example.org/",
                "spiffe://Example.org/x",
                "spiffe://example.org:80/x",
                "spiffe://u@example.org/x",
                "spiffe://example.org/a/../b",
                "spiffe://example.org/a//b",
                "spiffe://example.org/a?b",
                "spiffe:///x",
                "https://example.org/x",
            ],
        );
    }

    #[test]
    fn the_other_forms_hold_what_they_say() {
        check(Form::Digits, &["0123", "1"], &["-1", "1.0", "1 ", "a", "١"]);
        check(Form::Word, &["ws-mbsd5E3K", "a_b$"], &["a/b", "a.b", "a b"]);
        check(Form::Host, &["example.org", "acme"], &["a/b", "A", "a:1"]);
        check(
            Form::OwnerAndName,
            &["acme/web"],
            &["acme", "/web", "acme/", "a/b/c"],
        );
        check(
            Form::AzureSubject,
            &["sc://acme/shop/registry", "p://acme/shop/build one"],
            &[
                "sc://acme/shop",
                "sc://acme//x",
                "sc://a/b/c/d",
                "acme/shop/x",
            ],
        );
        check(Form::Text, &["https://ci.example.com/job/a/"], &[]);
    }
}
