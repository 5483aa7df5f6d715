//! Platforms without code of their own here: what they sign, as data.
//!
//! A new one is a file in `identity/platforms/`, its line below, and its
//! fixtures. The file says what a JWT must hold, which claim is which fact, and
//! what of it was read in the platform's own text; the reference page is made
//! from it.

use std::{cmp::Ordering, collections::BTreeSet, fmt, sync::LazyLock};

use reqwest::Url;

mod claim_path;
mod description;
mod fact_source;
mod form;
mod page;
mod subject;
mod text;
mod url_form;

use self::description::Description;
pub(crate) use self::page::page;
use super::Fact;
use crate::credential::JwtAlgorithm;

/// Name and text of every platform's file, in alphabetical order.
const FILES: [(&str, &str); 12] = [
    ("aws", include_str!("../platforms/aws.toml")),
    (
        "azure-devops",
        include_str!("../platforms/azure-devops.toml"),
    ),
    ("bitbucket", include_str!("../platforms/bitbucket.toml")),
    ("buildkite", include_str!("../platforms/buildkite.toml")),
    ("circleci", include_str!("../platforms/circleci.toml")),
    ("entra", include_str!("../platforms/entra.toml")),
    ("google", include_str!("../platforms/google.toml")),
    ("harness", include_str!("../platforms/harness.toml")),
    (
        "hcp-terraform",
        include_str!("../platforms/hcp-terraform.toml"),
    ),
    ("jenkins", include_str!("../platforms/jenkins.toml")),
    ("semaphore", include_str!("../platforms/semaphore.toml")),
    ("spiffe", include_str!("../platforms/spiffe.toml")),
];

static PLATFORMS: LazyLock<Vec<Description>> = LazyLock::new(|| {
    FILES
        .into_iter()
        .map(|(name, text)| Description::parse(name, text).expect("a test reads every file"))
        .collect()
});

/// A platform that is described and not coded.
#[derive(Clone, Copy)]
pub struct Described(&'static Description);

impl Described {
    /// Every platform that is described, in alphabetical order.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        PLATFORMS.iter().map(Self)
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What has an identity there, in one sentence.
    pub(super) fn about(self) -> &'static str {
        &self.0.file.about
    }

    /// Whether people who may not push could have a say in what runs.
    pub(super) fn is_code_host(self) -> bool {
        self.0.file.code_host
    }

    pub(super) fn algorithms(self) -> &'static [JwtAlgorithm] {
        &self.0.algorithms
    }

    pub(super) fn max_jwt_minutes(self) -> u64 {
        self.0.file.max_jwt_minutes
    }

    /// Whether the `aud` of its JWTs is nobody's choice, so that others get
    /// JWTs that are good for us.
    pub(super) fn has_foreign_audience(self) -> bool {
        self.0.file.issuer.foreign_audience
    }

    /// The `iss` where everybody is a customer.
    pub(super) fn iss(self) -> Option<&'static str> {
        self.0.file.issuer.iss.as_deref()
    }

    /// The platform's pages, where `url` does not say it.
    pub(super) fn web(self) -> Option<&'static str> {
        self.0.file.issuer.web.as_deref()
    }

    /// Where the keys are, if discovery does not say it: an address, or a path
    /// below the `iss`.
    pub(super) fn jwks(self) -> Option<&'static str> {
        self.0.file.issuer.jwks.as_deref()
    }

    /// What is wrong with an address as this platform's `url`.
    pub(super) fn url_fault(self, url: &str) -> Option<String> {
        let name = self.name();
        match &self.0.file.issuer.url {
            None => Some(format!(
                "kind {name:?} is one platform for everybody: leave url out"
            )),
            Some(form) if form.fits(url) => None,
            Some(form) => Some(format!(
                "{url:?} is not an issuer of kind {name:?}, which is of the form {form}"
            )),
        }
    }

    /// What is wrong with an `iss` that is given for this platform: it is at the platform's own
    /// host, and is not one customer's, so that it could be everybody's.
    pub(super) fn iss_fault(self, iss: &str) -> Option<String> {
        let form = self.0.file.issuer.url.as_ref()?;
        let url = iss.parse::<Url>().ok()?;
        let is_there = form.host().is_some_and(|host| url.host_str() == Some(host));
        (is_there && !form.fits(iss)).then(|| {
            format!(
                "{iss:?} is not the iss of one customer of {}, which is of the form {form}: others \
                 could have it, too",
                self.0.file.title
            )
        })
    }

    /// Whether an `iss` can only be this platform's.
    pub(super) fn has_iss(self, iss: &str) -> bool {
        let is_of_a_form = self.url_form().is_some_and(|form| {
            let says_nothing = ["https://{host}", "https://{text}"].contains(&form.as_str());
            !says_nothing && self.url_fault(iss).is_none()
        });
        self.iss() == Some(iss) || is_of_a_form
    }

    /// The form of its `url`, for whoever left it out.
    pub(super) fn url_form(self) -> Option<String> {
        self.0.file.issuer.url.as_ref().map(ToString::to_string)
    }

    /// The host that signs for strangers too, among those of an issuer.
    pub(super) fn shared_host(self, hosts: &BTreeSet<String>) -> Option<String> {
        let shared = &self.0.file.issuer.shared_hosts;
        hosts
            .iter()
            .find(|host| shared.iter().any(|pattern| covers(pattern, host)))
            .cloned()
    }

    /// The keys of the configuration one of which must pin whoever is believed
    /// on a shared host.
    pub(super) fn pins(self) -> &'static [String] {
        &self.0.file.issuer.pins
    }

    /// What it can vouch for.
    pub(super) fn facts(self) -> BTreeSet<Fact> {
        self.0.facts().collect()
    }

    /// Whether a text could be the fact, by the form of its claim.
    pub(super) fn may_have(self, fact: Fact, text: &str) -> bool {
        self.0.form_of(fact).is_none_or(|form| form.fits(text))
    }

    /// What the fact is, in words, where it has a form.
    pub(super) fn form_words(self, fact: Fact) -> &'static str {
        self.0.form_of(fact).map_or("a text", form::Form::words)
    }

    pub(super) fn may_have_id(self, id: &str) -> bool {
        self.0.may_have_id(id)
    }

    /// What its ids are, in words.
    pub(super) fn id_words(self) -> &'static str {
        &self.0.file.identity.words
    }

    /// What to know before a rule is written for it.
    pub(super) fn traps(self) -> &'static [String] {
        &self.0.file.traps
    }
}

/// `*` is every host, and `*.x` each below `x`.
fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => host.ends_with(end),
        None => host == pattern,
    }
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Described {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Described {}

impl PartialOrd for Described {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Described {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

#[cfg(test)]
mod tests;
