//! Signs fixtures as the platforms of a directory would.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::json;

use super::{
    FixtureOrder, jwt,
    key::{NoKey, RunKey},
};
use crate::{
    credential::JwtAlgorithm,
    identity::{Directory, Signatory},
};

/// The keys of one run, and what they have signed.
#[derive(Debug)]
pub(super) struct Signer {
    keys: BTreeMap<JwtAlgorithm, RunKey>,
    /// An RSA signature costs more than all the rest of a test, and tests ask much alike.
    signed: Mutex<HashMap<FixtureOrder, Arc<str>>>,
}

impl Signer {
    /// Makes the keys that the issuers of a directory can believe, one for each algorithm that it
    /// takes; and gives each issuer's set, in their order.
    pub(super) fn of(directory: &Directory) -> Result<(Self, Vec<String>), NoKey> {
        let mut keys = BTreeMap::new();
        let mut key_sets = Vec::new();
        for signatory in directory.signatories() {
            let algorithm = RunKey::soonest(signatory.algorithms);
            let key = match keys.remove(&algorithm) {
                Some(key) => key,
                None => RunKey::generate(algorithm)?,
            };
            key_sets.push(json!({"keys": [key.jwk(&signatory.kid)?]}).to_string());
            keys.insert(algorithm, key);
        }
        let signed = Mutex::default();
        Ok((Self { keys, signed }, key_sets))
    }

    /// The JWT that is ordered, as of `now`.
    pub(super) fn sign(
        &self,
        order: &FixtureOrder,
        signatory: &Signatory<'_>,
        now: Timestamp,
    ) -> Result<Arc<str>, String> {
        let order = FixtureOrder {
            groups: Vec::new(),
            ..order.clone()
        };
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jwt) = signed.get(&order) {
            return Ok(Arc::clone(jwt));
        }
        let claims = order.claims(signatory, now);
        let claims = claims.map_err(|error| error.to_string())?;
        let key = self.keys.get(&RunKey::soonest(signatory.algorithms));
        let key = key.ok_or_else(|| format!("no key was made for issuer `{}`", signatory.name))?;
        let jwt = jwt::compact(&key.header(&signatory.kid), claims, |input| key.sign(input));
        let jwt: Arc<str> = jwt.map_err(|error| error.to_string())?.into();
        signed.insert(order, Arc::clone(&jwt));
        Ok(jwt)
    }
}
