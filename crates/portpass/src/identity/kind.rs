//! What the kinds of issuers have in common, and where they differ.

use reqwest::Url;

use super::{
    Facts, IssuerKind,
    claims::{self, ClaimFault, Claims},
    forgejo, github_actions, gitlab, kubernetes, oidc,
};
use crate::credential::{JwtAlgorithm, JwtType};

/// What a kind brings along; the configuration may say otherwise.
pub(super) struct Platform {
    /// What it signs with, unless `algorithms` says.
    pub(super) algorithms: &'static [JwtAlgorithm],
    /// How long its JWTs live at most, in minutes, unless `max_jwt_lifetime` says.
    pub(super) max_jwt_minutes: u64,
    /// Hosts where strangers are customers too, so that `owner_id` is required.
    pub(super) shared_hosts: &'static [&'static str],
}

/// What reading a kind's claims needs to know of the issuer.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// The issuer's name.
    pub(super) issuer: &'a str,
    /// The address of the platform's pages, without a slash at its end.
    pub(super) web: Option<&'a str>,
    /// The claim that is `idp_groups`, or the way to it with dots, if not `groups`.
    pub(super) groups_claim: Option<&'a str>,
    /// The claim that is the immutable id, if not the kind's own.
    pub(super) id_claim: Option<&'a str>,
}

/// Whom the claims are about.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) facts: Facts,
}

impl IssuerKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Forgejo,
        Self::GithubActions,
        Self::Gitlab,
        Self::Kubernetes,
        Self::Oidc,
    ];

    /// The kind's name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forgejo => "forgejo",
            Self::GithubActions => "github-actions",
            Self::Gitlab => "gitlab",
            Self::Kubernetes => "kubernetes",
            Self::Oidc => "oidc",
        }
    }

    /// Whether its identities are repositories, where anybody may propose code.
    pub const fn is_code_host(self) -> bool {
        match self {
            Self::Forgejo | Self::GithubActions | Self::Gitlab => true,
            Self::Kubernetes | Self::Oidc => false,
        }
    }

    /// Whether the kind could ever prove an identity of this id.
    pub(crate) fn may_have_id(self, id: &str) -> bool {
        match self {
            Self::Forgejo | Self::GithubActions | Self::Gitlab => claims::is_decimal_id(id),
            Self::Kubernetes => kubernetes::is_id(id),
            Self::Oidc => !id.is_empty() && claims::is_text(id),
        }
    }

    /// What its ids are, in words.
    pub(crate) const fn id_form(self) -> &'static str {
        match self {
            Self::Forgejo | Self::GithubActions => "the repository's number",
            Self::Gitlab => "the project's number",
            Self::Kubernetes => "`NAMESPACE/SERVICE-ACCOUNT`",
            Self::Oidc => "1 to 1024 bytes of text without control characters",
        }
    }

    pub(super) fn platform(self) -> &'static Platform {
        match self {
            Self::Forgejo => &forgejo::PLATFORM,
            Self::GithubActions => &github_actions::PLATFORM,
            Self::Gitlab => &gitlab::PLATFORM,
            Self::Kubernetes => &kubernetes::PLATFORM,
            Self::Oidc => &oidc::PLATFORM,
        }
    }

    /// The `iss` of the platform at this address, if the kind can tell.
    pub(super) fn default_iss(self, url: Option<(&str, &Url)>) -> Option<String> {
        match self {
            Self::Forgejo => url.map(|(text, _)| forgejo::iss(text)),
            Self::GithubActions => Some(github_actions::iss(url)),
            Self::Gitlab => Some(gitlab::iss(url.map(|(text, _)| text))),
            // Byte for byte: a cluster's issuer may end in a slash or not.
            Self::Kubernetes | Self::Oidc => url.map(|(text, _)| text.to_owned()),
        }
    }

    /// The address of the platform's pages, without a slash at its end.
    pub(super) fn web(self, url: Option<&str>) -> Option<String> {
        let default = match self {
            Self::GithubActions => Some(github_actions::WEB),
            Self::Gitlab => Some(gitlab::WEB),
            Self::Forgejo | Self::Kubernetes | Self::Oidc => None,
        };
        url.or(default)
            .map(|url| url.trim_end_matches('/').to_owned())
    }

    /// Whether the kind's JWTs may be of a type (RFC 8725 §3.11).
    pub(super) fn accepts(self, typ: JwtType) -> bool {
        match typ {
            JwtType::Jwt => true,
            // Only an identity provider gives access tokens to its people.
            JwtType::AccessToken => self == Self::Oidc,
        }
    }

    /// The id, the name and the facts that claims say which nobody signed: to be shown, and never
    /// to decide by.
    ///
    /// # Errors
    ///
    /// The claims are not those of the kind.
    pub(crate) fn shown(
        self,
        claims: serde_json::Map<String, serde_json::Value>,
    ) -> Result<(String, String, Facts), ClaimFault> {
        let web = self.web(None);
        let reading = Reading {
            issuer: self.name(),
            web: web.as_deref(),
            groups_claim: None,
            id_claim: None,
        };
        let claims = Claims::of(std::sync::Arc::new(claims))?;
        let Subject {
            id,
            name,
            mut facts,
        } = self.subject(&claims, &reading)?;
        // It is the name of no issuer.
        facts.remove(super::Fact::Issuer);
        Ok((id, name, facts))
    }

    /// Reads the claims as this platform signs them.
    pub(super) fn subject(
        self,
        claims: &Claims,
        reading: &Reading<'_>,
    ) -> Result<Subject, ClaimFault> {
        let mut subject = match self {
            Self::Forgejo => forgejo::subject(claims, reading),
            Self::GithubActions => github_actions::subject(claims, reading),
            Self::Gitlab => gitlab::subject(claims, reading),
            Self::Kubernetes => kubernetes::subject(claims),
            Self::Oidc => oidc::subject(claims, reading),
        }?;
        subject
            .facts
            .set_text(super::Fact::Issuer, Some(reading.issuer));
        Ok(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reference;

    #[test]
    fn the_reference_says_the_defaults_of_every_kind() {
        let page = reference::page();
        let row = |key: &str| {
            let start = format!("| `{key}` |");
            page.lines().find(|line| line.starts_with(&start)).unwrap()
        };
        for kind in IssuerKind::ALL {
            let platform = kind.platform();
            let names = platform.algorithms.iter().map(|algorithm| algorithm.name());
            let list = serde_json::to_string(&names.collect::<Vec<_>>()).unwrap();
            let list = format!("`{}`", list.replace(',', ", "));
            let said = says(row("algorithms"), kind, &list);
            assert!(said, "{}: {list}", kind.name());
            let life = format!("`\"{}m\"`", platform.max_jwt_minutes);
            let said = says(row("max_jwt_lifetime"), kind, &life);
            assert!(said, "{}: {life}", kind.name());
        }
    }

    /// Whether one clause names the kind and the value.
    fn says(row: &str, kind: IssuerKind, value: &str) -> bool {
        let name = format!("`{}`", kind.name());
        row.split([':', ';'])
            .any(|clause| clause.contains(&name) && clause.contains(value))
    }
}
