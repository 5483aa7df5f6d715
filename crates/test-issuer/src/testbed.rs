//! All the issuers together, and the other host that none of them is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use anyhow::Context as _;
use fixtures::Kind;
use jiff::Timestamp;

use crate::{issuer::Issuer, platform, sign, site::Site};

/// The name of the host that no issuer is to send anybody to.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// What every part of the process shares.
pub(crate) struct Testbed {
    issuers: BTreeMap<&'static str, Mutex<Issuer>>,
    sites: BTreeMap<&'static str, Arc<Site>>,
    /// The address of the other host.
    pub(crate) elsewhere: String,
    /// What a runner presents to have its JWT.
    pub(crate) request_token: String,
}

impl Testbed {
    /// Issuers of these kinds, each at the address that `address` gives for it.
    pub(crate) fn new(
        kinds: &[Kind],
        address: impl Fn(Kind) -> String,
        elsewhere: String,
    ) -> anyhow::Result<Self> {
        let mut issuers = BTreeMap::new();
        let mut sites = BTreeMap::from([(ELSEWHERE, Arc::default())]);
        for &kind in kinds {
            let name = platform::name(kind);
            issuers.insert(name, Mutex::new(Issuer::new(kind, &address(kind))?));
            sites.insert(name, Arc::default());
        }
        Ok(Self {
            issuers,
            sites,
            elsewhere,
            request_token: sign::unique()?,
        })
    }

    /// The issuer of that name.
    pub(crate) fn issuer(&self, name: &str) -> anyhow::Result<MutexGuard<'_, Issuer>> {
        let names = || self.issuers.keys().copied().collect::<Vec<_>>().join(", ");
        let issuer = self.issuers.get(name);
        let issuer = issuer.with_context(|| format!("no issuer `{name}`, only {}", names()))?;
        Ok(issuer.lock().expect("no holder of the lock can panic"))
    }

    /// The address of that name: an issuer's, or the other host's.
    pub(crate) fn site(&self, name: &str) -> Option<&Arc<Site>> {
        self.sites.get(name)
    }

    /// Every address and its name.
    pub(crate) fn sites(&self) -> impl Iterator<Item = (&'static str, &Arc<Site>)> {
        self.sites.iter().map(|(name, site)| (*name, site))
    }
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test issuer has no clock to be moved: tests ask for an age"
    )]
    Timestamp::now().as_second()
}
