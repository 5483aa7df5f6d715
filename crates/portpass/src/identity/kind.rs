//! What the kinds of issuers have in common, and where they differ.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use reqwest::Url;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    Described, Fact, Facts, IssuerKind,
    claims::{self, ClaimFault, Claims},
    forgejo, github_actions, gitlab, kubernetes, oidc,
};
use crate::credential::{JwtAlgorithm, JwtType};

/// What a kind with code brings along; the configuration may say otherwise.
pub(super) struct Platform {
    /// What it signs with, unless `algorithms` says.
    pub(super) algorithms: &'static [JwtAlgorithm],
    /// How long its JWTs live at most, in minutes, unless `max_jwt_lifetime` says.
    pub(super) max_jwt_minutes: u64,
    /// Hosts where strangers are customers too, so that `owner_id` is required.
    pub(super) shared_hosts: &'static [&'static str],
    /// What it can vouch for, beside the issuer's name.
    pub(super) facts: &'static [Fact],
}

/// What a kind brings along, and from where.
enum Brought {
    Code(&'static Platform),
    Data(Described),
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
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) facts: Facts,
}

/// The name of every kind, for those who wrote another.
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| IssuerKind::all().map(IssuerKind::name).collect());

impl IssuerKind {
    /// Those with code of their own.
    const CODED: [Self; 5] = [
        Self::Forgejo,
        Self::GithubActions,
        Self::Gitlab,
        Self::Kubernetes,
        Self::Oidc,
    ];

    /// Every kind: those with code, then those that are described.
    pub fn all() -> impl Iterator<Item = Self> {
        let described = Described::all().map(Self::Described);
        Self::CODED.into_iter().chain(described)
    }

    /// The described kind whose `iss` this can only be.
    pub(crate) fn of_iss(iss: &str) -> Option<Self> {
        let mut described = Described::all();
        let of_iss = described.find(|described| described.has_iss(iss));
        of_iss.map(Self::Described)
    }

    /// The kind's name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Described(described) => described.name(),
            Self::Forgejo => "forgejo",
            Self::GithubActions => "github-actions",
            Self::Gitlab => "gitlab",
            Self::Kubernetes => "kubernetes",
            Self::Oidc => "oidc",
        }
    }

    /// What the kind is, in one sentence.
    fn about(self) -> &'static str {
        match self {
            Self::Described(described) => described.about(),
            Self::Forgejo => "Forgejo and Codeberg.",
            Self::GithubActions => "GitHub Actions: github.com, GHES and data residency.",
            Self::Gitlab => "GitLab CI: gitlab.com and self-managed.",
            Self::Kubernetes => "Kubernetes service accounts.",
            Self::Oidc => "Any OpenID Connect provider.",
        }
    }

    /// Whether its identities run code that anybody may propose: repositories,
    /// and what builds them.
    pub fn is_code_host(self) -> bool {
        match self {
            Self::Described(described) => described.is_code_host(),
            Self::Forgejo | Self::GithubActions | Self::Gitlab => true,
            Self::Kubernetes | Self::Oidc => false,
        }
    }

    /// What the kind can vouch for. A fact that is not here is never there.
    pub fn facts(self) -> BTreeSet<Fact> {
        match self.brings() {
            Brought::Data(described) => described.facts(),
            Brought::Code(platform) => {
                let facts = platform.facts.iter().copied();
                facts.chain([Fact::Issuer]).collect()
            }
        }
    }

    /// What to know before a rule is written for it; the reference has it, too.
    pub fn traps(self) -> &'static [String] {
        match self {
            Self::Described(described) => described.traps(),
            Self::Forgejo | Self::GithubActions | Self::Gitlab | Self::Kubernetes | Self::Oidc => {
                &[]
            }
        }
    }

    /// Whether the kind could ever prove an identity of this id.
    pub(crate) fn may_have_id(self, id: &str) -> bool {
        match self {
            Self::Described(described) => described.may_have_id(id),
            Self::Forgejo | Self::GithubActions | Self::Gitlab => claims::is_decimal_id(id),
            Self::Kubernetes => kubernetes::is_id(id),
            Self::Oidc => !id.is_empty() && claims::is_text(id),
        }
    }

    /// What its ids are, in words.
    pub(crate) fn id_form(self) -> &'static str {
        match self {
            Self::Described(described) => described.id_words(),
            Self::Forgejo | Self::GithubActions => "the repository's number",
            Self::Gitlab => "the project's number",
            Self::Kubernetes => "`NAMESPACE/SERVICE-ACCOUNT`",
            Self::Oidc => "1 to 1024 bytes of text without control characters",
        }
    }

    /// What it signs with, unless the configuration says otherwise.
    pub(super) fn algorithms(self) -> &'static [JwtAlgorithm] {
        match self.brings() {
            Brought::Data(described) => described.algorithms(),
            Brought::Code(platform) => platform.algorithms,
        }
    }

    /// How long its JWTs live at most, in minutes, unless the configuration
    /// says otherwise.
    pub(super) fn max_jwt_minutes(self) -> u64 {
        match self.brings() {
            Brought::Data(described) => described.max_jwt_minutes(),
            Brought::Code(platform) => platform.max_jwt_minutes,
        }
    }

    /// The host that signs for strangers too, among those of an issuer.
    pub(super) fn shared_host(self, hosts: &BTreeSet<String>) -> Option<String> {
        match self.brings() {
            Brought::Data(described) => described.shared_host(hosts),
            Brought::Code(platform) => {
                let mut shared = platform.shared_hosts.iter();
                shared
                    .find(|shared| hosts.contains(**shared))
                    .map(|shared| (*shared).to_owned())
            }
        }
    }

    fn brings(self) -> Brought {
        Brought::Code(match self {
            Self::Described(described) => return Brought::Data(described),
            Self::Forgejo => &forgejo::PLATFORM,
            Self::GithubActions => &github_actions::PLATFORM,
            Self::Gitlab => &gitlab::PLATFORM,
            Self::Kubernetes => &kubernetes::PLATFORM,
            Self::Oidc => &oidc::PLATFORM,
        })
    }

    /// The `iss` of the platform at this address, if the kind can tell.
    pub(super) fn default_iss(self, url: Option<(&str, &Url)>) -> Option<String> {
        match self {
            Self::Described(described) => {
                let own = url.map(|(text, _)| text);
                own.or(described.iss()).map(str::to_owned)
            }
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
            Self::Described(described) => described.web(),
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
        let claims = Claims::of(Arc::new(claims))?;
        let Subject {
            id,
            name,
            mut facts,
        } = self.subject(&claims, &reading)?;
        // It is the name of no issuer.
        facts.remove(Fact::Issuer);
        Ok((id.to_string(), name.to_string(), facts))
    }

    /// Reads the claims as this platform signs them.
    pub(super) fn subject(
        self,
        claims: &Claims,
        reading: &Reading<'_>,
    ) -> Result<Subject, ClaimFault> {
        let mut subject = match self {
            Self::Described(described) => described.subject(claims, reading),
            Self::Forgejo => forgejo::subject(claims, reading),
            Self::GithubActions => github_actions::subject(claims, reading),
            Self::Gitlab => gitlab::subject(claims, reading),
            Self::Kubernetes => kubernetes::subject(claims),
            Self::Oidc => oidc::subject(claims, reading),
        }?;
        subject.facts.set_text(Fact::Issuer, Some(reading.issuer));
        Ok(subject)
    }
}

impl Serialize for IssuerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for IssuerKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::all()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| de::Error::unknown_variant(&name, &NAMES))
    }
}

impl JsonSchema for IssuerKind {
    fn schema_name() -> Cow<'static, str> {
        "IssuerKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<_> = Self::all()
            .map(|kind| {
                json_schema!({
                    "type": "string",
                    "const": kind.name(),
                    "description": kind.about(),
                })
            })
            .collect();
        json_schema!({
            "oneOf": kinds,
            "description": "Which platform an issuer is.",
        })
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
        for kind in IssuerKind::CODED {
            let names = kind.algorithms().iter().map(|algorithm| algorithm.name());
            let list = serde_json::to_string(&names.collect::<Vec<_>>()).unwrap();
            let list = format!("`{}`", list.replace(',', ", "));
            let said = says(row("algorithms"), kind, &list);
            assert!(said, "{}: {list}", kind.name());
            let life = format!("`\"{}m\"`", kind.max_jwt_minutes());
            let said = says(row("max_jwt_lifetime"), kind, &life);
            assert!(said, "{}: {life}", kind.name());
        }
    }

    #[test]
    fn every_kind_is_written_and_read_by_its_name() {
        let mut names = BTreeSet::new();
        for kind in IssuerKind::all() {
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, kind.name());
            assert_eq!(serde_json::from_value::<IssuerKind>(written).unwrap(), kind);
            assert!(names.insert(kind.name()), "{}", kind.name());
        }
        let unknown = serde_json::from_str::<IssuerKind>("\"gitea\"").unwrap_err();
        assert!(
            unknown.to_string().contains("unknown variant `gitea`"),
            "{unknown}"
        );
    }

    #[test]
    fn the_fixtures_of_the_coded_kinds_give_no_fact_that_is_not_promised() {
        for kind in IssuerKind::CODED {
            let known: fixtures::Kind = kind.name().parse().unwrap();
            for fixture in known.fixtures() {
                let claims = fixtures::claims(known, fixture).unwrap().at(1_700_000_000);
                let claims = Claims::of(Arc::new(claims)).unwrap();
                let reading = Reading {
                    issuer: "ci",
                    web: Some("https://ci.example.com"),
                    groups_claim: None,
                    id_claim: None,
                };
                let subject = kind.subject(&claims, &reading).unwrap();
                let given: BTreeSet<Fact> = subject.facts.iter().map(|(fact, _)| fact).collect();
                assert!(given.is_subset(&kind.facts()), "{} {fixture}", kind.name());
            }
        }
    }

    /// Whether one clause names the kind and the value.
    fn says(row: &str, kind: IssuerKind, value: &str) -> bool {
        let name = format!("`{}`", kind.name());
        row.split([':', ';'])
            .any(|clause| clause.contains(&name) && clause.contains(value))
    }
}
