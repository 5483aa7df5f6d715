//! The file of one platform, read and checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    claim_path::ClaimPath, fact_source::FactSource, form::Form, text::Text, url_form::UrlForm,
};
use crate::{
    credential::JwtAlgorithm,
    identity::{Fact, FactType, claims::Claims},
};

/// One platform.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) algorithms: Vec<JwtAlgorithm>,
    pub(super) file: File,
}

/// What the file of a platform says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What the platform is called.
    pub(super) title: String,
    /// What has an identity, in one sentence.
    pub(super) about: String,
    /// Where the platform says what it signs.
    pub(super) documentation: String,
    /// Whether people who may not push could have a say in what runs.
    pub(super) code_host: bool,
    algorithms: Vec<String>,
    pub(super) max_jwt_minutes: u64,
    pub(super) issuer: IssuerFile,
    pub(super) identity: IdentityFile,
    /// The claims without which, and in no other form, nobody is proven.
    pub(super) required: Vec<Required>,
    /// What else must be so.
    #[serde(default)]
    pub(super) must: Vec<Must>,
    #[serde(default)]
    pub(super) facts: BTreeMap<Fact, FactSource>,
    pub(super) run_url: Option<Text>,
    /// What to know before a rule is written.
    #[serde(default)]
    pub(super) traps: Vec<String>,
    /// What was read in the platform's own text.
    #[serde(default)]
    pub(super) verified: Vec<String>,
    /// What was not.
    #[serde(default)]
    pub(super) unverified: Vec<String>,
}

/// Whose `iss` is believed, and from where its keys come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerFile {
    /// The `iss` that all customers share.
    pub(super) iss: Option<String>,
    /// The form of `url`, which is then the `iss`; without it there is no `url`.
    pub(super) url: Option<UrlForm>,
    pub(super) web: Option<String>,
    pub(super) jwks: Option<String>,
    /// Hosts where strangers are customers too: `*` for all, `*.x` for those below.
    #[serde(default)]
    pub(super) shared_hosts: Vec<String>,
    /// The keys of the configuration one of which is then required.
    #[serde(default)]
    pub(super) pins: Vec<String>,
    /// Whether `aud` is the platform's own and cannot be chosen.
    #[serde(default)]
    pub(super) foreign_audience: bool,
}

/// What is the id, and what people call it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityFile {
    /// Required claims, with a slash between each two.
    pub(super) id: Vec<ClaimPath>,
    /// The id in words.
    pub(super) words: String,
    /// The readable name: the first that the claims give, else the id.
    #[serde(default)]
    pub(super) name: Vec<Text>,
}

/// A claim that must be there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Required {
    pub(super) claim: ClaimPath,
    pub(super) form: Form,
}

/// What a claim must be, or the JWT proves nobody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Must {
    pub(super) claim: ClaimPath,
    pub(super) be: Expected,
    /// Only where this claim is there.
    pub(super) with: Option<ClaimPath>,
    /// Why, after "refused: ".
    pub(super) because: String,
}

/// What a claim is expected to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Expected {
    /// Not there at all.
    Absent,
    /// A text that ends so.
    EndingIn(String),
    /// True or false, not the word for it.
    Flag(bool),
    /// This text.
    Text(String),
}

/// Why a platform's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Faulty {
    #[error("{name}: {source}")]
    Unreadable {
        name: &'static str,
        source: toml::de::Error,
    },
    #[error("{name}: {what}")]
    Wrong { name: &'static str, what: String },
}

impl File {
    /// The names of the algorithms.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = &String> {
        self.algorithms.iter()
    }
}

impl Required {
    /// The claim, if it is of the right type: only digits may be a number.
    pub(super) fn word(&self, claims: &Claims) -> Option<String> {
        let value = self.claim.value(claims)?;
        (value.is_string() || self.form == Form::Digits)
            .then(|| self.claim.word(claims))
            .flatten()
    }
}

impl Description {
    /// Reads the file of the platform `name`.
    pub(super) fn parse(name: &'static str, text: &str) -> Result<Self, Faulty> {
        let file: File =
            toml::from_str(text).map_err(|source| Faulty::Unreadable { name, source })?;
        let wrong = |what| Faulty::Wrong { name, what };
        let algorithms: Result<Vec<JwtAlgorithm>, _> =
            file.algorithms.iter().map(|word| word.parse()).collect();
        let algorithms = algorithms.map_err(|fault| wrong(fault.to_string()))?;
        let description = Self {
            name,
            algorithms,
            file,
        };
        match description.fault() {
            None => Ok(description),
            Some(what) => Err(wrong(what)),
        }
    }

    fn fault(&self) -> Option<String> {
        let IdentityFile { id, .. } = &self.file.identity;
        if id.is_empty() || self.algorithms.is_empty() {
            return Some("has no id or no algorithm".to_owned());
        }
        for claim in id {
            match self.required_form(claim) {
                None => return Some(format!("the id's {} is not required", claim.text())),
                Some(form) if id.len() > 1 && !form.holds_no_slash() => {
                    return Some(format!("{} could run into its neighbour", claim.text()));
                }
                Some(_) => {}
            }
        }
        for (fact, source) in &self.file.facts {
            if let Some(fault) = source.fault() {
                return Some(format!("{fact} {fault}"));
            }
            let is_derived = matches!(fact, Fact::Issuer | Fact::RefType | Fact::RunUrl);
            if is_derived || fact.value_type() != FactType::Text {
                return Some(format!("{fact} cannot be described"));
            }
        }
        let issuer = &self.file.issuer;
        (issuer.iss.is_none() && issuer.url.is_none()).then(|| "has neither iss nor url".to_owned())
    }

    fn required_form(&self, claim: &ClaimPath) -> Option<Form> {
        let mut required = self.file.required.iter();
        required
            .find(|required| required.claim == *claim)
            .map(|required| required.form)
    }

    /// The form of a fact, if its claim has one.
    pub(super) fn form_of(&self, fact: Fact) -> Option<Form> {
        let source = self.file.facts.get(&fact)?;
        let required = || self.required_form(source.plain_claim()?);
        source.form().or_else(required)
    }

    /// The facts that it can give.
    pub(super) fn facts(&self) -> impl Iterator<Item = Fact> {
        let follows = |fact, of: bool| of.then_some(fact);
        self.file
            .facts
            .keys()
            .copied()
            .chain(Some(Fact::Issuer))
            .chain(follows(
                Fact::RefType,
                self.file.facts.contains_key(&Fact::Ref),
            ))
            .chain(follows(Fact::RunUrl, self.file.run_url.is_some()))
    }

    /// Whether a text has the form of its ids.
    pub(super) fn may_have_id(&self, id: &str) -> bool {
        let claims = &self.file.identity.id;
        let fits = |claim, text: &str| {
            self.required_form(claim)
                .is_some_and(|form| form.fits(text))
        };
        match claims.as_slice() {
            [only] => fits(only, id),
            several => {
                let parts: Vec<&str> = id.split('/').collect();
                parts.len() == several.len()
                    && several
                        .iter()
                        .zip(parts)
                        .all(|(claim, part)| fits(claim, part))
            }
        }
    }
}
