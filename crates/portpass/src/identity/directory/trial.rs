//! The directory as it is tried: the same issuers, with keys of somebody else's.

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{Directory, known::Moment};
use crate::{
    credential::{JwtAlgorithm, UnverifiedJwt},
    identity::{IssuerKind, Proof, issuer::Issuer, pins::Pins, unproven::Unproven},
    standing::Settled,
};

/// What it takes to sign as an issuer's platform would, and for this tenant.
#[derive(Debug)]
pub(crate) struct Signatory<'a> {
    /// The issuer's name in the configuration.
    pub(crate) name: &'a str,
    pub(crate) kind: IssuerKind,
    /// What `iss` is, the first there is.
    pub(crate) iss: Option<&'a str>,
    /// What `aud` is, the first there is.
    pub(crate) audience: Option<&'a str>,
    /// What the issuer believes.
    pub(crate) algorithms: &'a [JwtAlgorithm],
    /// The id that the key is to have: issuers that may share keys share one.
    pub(crate) kid: String,
    pins: &'a Pins,
}

impl<'a> Signatory<'a> {
    /// What a job of the tenant has instead of `value` for a word of the pins, if that is not
    /// one of those pinned.
    pub(crate) fn pinned(&self, word: &str, value: &str) -> Option<&'a str> {
        self.pins.instead(word, value)
    }
}

impl Directory {
    /// What it takes to sign as each issuer.
    pub(crate) fn signatories(&self) -> impl Iterator<Item = Signatory<'_>> {
        self.issuers.iter().map(|issuer| {
            let mut ids = self.issuers.iter().enumerate();
            let shared = ids.find(|(_, other)| issuer.may_share_keys(other));
            let (shared, _) = shared.expect("an issuer shares its keys with itself");
            Signatory {
                name: &issuer.name,
                kind: issuer.kind,
                iss: issuer.iss.first().map(String::as_str),
                audience: issuer.terms.audiences.first().map(String::as_str),
                algorithms: issuer.algorithms(),
                kid: format!("trial-{shared}"),
                pins: issuer.pins(),
            }
        })
    }

    /// The same issuers, each believing one of `key_sets` alone, in the same order. Nobody is
    /// asked for keys then.
    ///
    /// # Errors
    ///
    /// Which issuer's set cannot be used, and why.
    pub(crate) fn with_key_sets(
        &self,
        key_sets: impl IntoIterator<Item = String>,
        now: Timestamp,
    ) -> Result<Self, String> {
        let issuers = self.issuers.iter().zip(key_sets);
        let issuers = issuers.map(|(issuer, key_set)| {
            let issuer: &Issuer = issuer;
            issuer.with_key_set(key_set, now).map(Arc::new)
        });
        let issuers: Result<Vec<_>, _> = issuers.collect();
        let issuers = issuers.map_err(|fault| fault.to_string())?;
        Ok(Self {
            issuers,
            ..Self::default()
        })
    }

    /// Whom a JWT proves that was never presented before, where operators have settled nothing;
    /// without one, nobody in particular.
    ///
    /// # Errors
    ///
    /// As [`Directory::prove`].
    pub(crate) fn prove_first(
        &self,
        jwt: Option<&UnverifiedJwt>,
        now: Timestamp,
    ) -> Result<Proof, Unproven> {
        let Some(jwt) = jwt else {
            return Ok(Proof::anonymous());
        };
        let settled = Settled::default();
        let moment = Moment {
            network: "",
            settled: &settled,
            now,
        };
        let known = self.recognise(jwt, now).now_or_never();
        let waits = || Unproven::unavailable("the issuer's keys would have to be fetched".into());
        known.ok_or_else(waits)??.prove_by_jwt(None, &moment)
    }
}
