//! One platform's issuer: its address, its keys and what is wrong with it.

use anyhow::Context as _;
use fixtures::Kind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    fault::{Document, Fault, Mode},
    key::{Algorithm, Key},
    platform,
};

/// An issuer and all its keys, the newest last.
pub(crate) struct Issuer {
    pub(crate) kind: Kind,
    /// Its `iss`.
    pub(crate) url: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) fault: Fault,
}

/// A new key for an issuer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// The name of the issuer.
    pub(crate) issuer: String,
    /// How many of the older keys stay published (1).
    keep: Option<usize>,
    #[serde(default)]
    algorithm: Algorithm,
    /// The new key's id, if not the issuer's name and the key's number.
    kid: Option<String>,
}

impl Issuer {
    /// An issuer of `kind` under `address`, with its first key.
    pub(crate) fn new(kind: Kind, address: &str) -> anyhow::Result<Self> {
        let url = format!("{address}{}", platform::base(kind));
        let mut issuer = Self {
            kind,
            url,
            keys: Vec::new(),
            fault: Fault::default(),
        };
        issuer.rotate(&Rotation::default())?;
        Ok(issuer)
    }

    /// Makes a new key, to sign with from now on, and withdraws the oldest; gives its id.
    pub(crate) fn rotate(&mut self, rotation: &Rotation) -> anyhow::Result<String> {
        let keep = rotation.keep.unwrap_or(1);
        for old in self
            .keys
            .iter_mut()
            .rev()
            .filter(|key| key.published)
            .skip(keep)
        {
            old.published = false;
        }
        let kid = match &rotation.kid {
            Some(kid) => kid.clone(),
            None => format!("{}-{}", platform::name(self.kind), self.keys.len() + 1),
        };
        self.keys
            .push(Key::generate(kid.clone(), rotation.algorithm)?);
        Ok(kid)
    }

    /// Takes a key out of the key set; it can still sign.
    pub(crate) fn withdraw(&mut self, kid: &str) -> anyhow::Result<()> {
        let mut keys = self.keys.iter_mut().filter(|key| key.published);
        let key = keys.find(|key| key.kid == kid);
        key.with_context(|| format!("no key `{kid}` is published"))?
            .published = false;
        Ok(())
    }

    /// Where the key set is.
    pub(crate) fn jwks_uri(&self) -> String {
        format!("{}{}", self.url, platform::keys(self.kind))
    }

    /// The discovery document as it should be.
    pub(crate) fn discovery(&self) -> Value {
        platform::discovery(&self.url, &self.jwks_uri())
    }

    /// The key set as it should be.
    pub(crate) fn key_set(&self) -> anyhow::Result<Value> {
        let published = self.keys.iter().filter(|key| key.published);
        let keys: Vec<_> = published.map(Key::jwk).collect::<Result<_, _>>()?;
        Ok(json!({"keys": keys}))
    }

    /// A document with the fault's lies in it; `elsewhere` is the key set's address on the other host.
    pub(crate) fn document(&self, document: Document, elsewhere: &str) -> anyhow::Result<Value> {
        if !self.fault.concerns(document) {
            return self.honest(document);
        }
        match (document, self.fault.mode) {
            (Document::Discovery, Mode::OffHostKeys) => {
                Ok(platform::discovery(&self.url, elsewhere))
            }
            (Document::Discovery, Mode::WrongIssuer) => Ok(platform::discovery(
                &format!("{}/", self.url),
                &self.jwks_uri(),
            )),
            (Document::Keys, _) => {
                let (mut keys, good_too) = self.fault.keys();
                if good_too {
                    let published = self.keys.iter().filter(|key| key.published);
                    for key in published {
                        keys.push(key.jwk()?);
                    }
                }
                Ok(json!({"keys": keys}))
            }
            (Document::Discovery, _) => self.honest(document),
        }
    }

    fn honest(&self, document: Document) -> anyhow::Result<Value> {
        match document {
            Document::Discovery => Ok(self.discovery()),
            Document::Keys => self.key_set(),
        }
    }
}
