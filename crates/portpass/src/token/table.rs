//! Every key that is held, as one value: requests read it, changes replace it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    KeyError, KeySettings,
    authority::Authority,
    leaves::{Leaves, Schedule},
    registry_keys::{LEEWAY, RegistryKeys},
};
use crate::registry::{Algorithm, Naming, Profile, Registry};

/// The keys of a moment. It only grows until a restart: while a reload is under
/// way, requests sign for the registries of both files.
#[derive(Clone, Debug)]
pub(super) struct Table {
    folder: PathBuf,
    pub(super) schedule: Schedule,
    pub(super) authority: Arc<Authority>,
    pub(super) leaves: BTreeMap<Algorithm, Leaves>,
    registry_keys: BTreeMap<KeyId, Arc<RegistryKeys>>,
    former: Vec<Former>,
    /// The registries of the last list, by name.
    pub(super) registries: BTreeMap<Arc<str>, Arc<Registry>>,
}

/// What tells a registry's keys from those that it had, or will have.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct KeyId {
    registry: Arc<str>,
    algorithm: Algorithm,
    naming: Naming,
    given: Option<PathBuf>,
}

/// What a registry's tokens were signed with before the file said otherwise.
#[derive(Clone, Debug)]
pub(super) struct Former {
    until: Timestamp,
    pub(super) registry: Arc<Registry>,
    pub(super) keys: Arc<RegistryKeys>,
}

impl KeyId {
    fn of(registry: &Registry) -> Self {
        Self {
            registry: Arc::clone(&registry.name),
            algorithm: registry.algorithm,
            naming: registry.naming.clone(),
            given: registry.key.clone(),
        }
    }
}

impl Former {
    /// Whether the same key signs under the same name again.
    fn is(&self, registry: &Registry, keys: &RegistryKeys) -> bool {
        let key = |keys: &RegistryKeys| keys.current.key.public().clone();
        self.registry.naming == registry.naming && key(&self.keys) == key(keys)
    }
}

/// Where all keys are.
fn keys_of(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// Where our own CA is.
pub(super) fn authority_of(data_dir: &Path) -> PathBuf {
    keys_of(data_dir).join("ca")
}

impl Table {
    /// The CA alone.
    pub(super) fn open(settings: &KeySettings, now: Timestamp) -> Result<Self, KeyError> {
        let folder = keys_of(&settings.data_dir);
        let authority = match &settings.ca {
            Some((certificate, key)) => Authority::given(certificate, key)?,
            None => Authority::open(&authority_of(&settings.data_dir), now)?,
        };
        let rotate_every = SignedDuration::try_from(settings.rotate_every)
            .unwrap_or(SignedDuration::from_hours(24))
            .max(SignedDuration::from_mins(1));
        Ok(Self {
            folder,
            schedule: Schedule {
                rotate_every,
                longest_token: SignedDuration::from_mins(1),
            },
            authority: Arc::new(authority),
            leaves: BTreeMap::new(),
            registry_keys: BTreeMap::new(),
            former: Vec::new(),
            registries: BTreeMap::new(),
        })
    }

    /// Reads or makes what a list of registries needs.
    pub(super) fn prepare(
        &mut self,
        registries: &[Arc<Registry>],
        now: Timestamp,
    ) -> Result<(), KeyError> {
        self.authority = Arc::new(self.authority.reread(now)?);
        let before = std::mem::take(&mut self.registries);
        for registry in registries {
            let name = Arc::clone(&registry.name);
            self.registries.insert(name, Arc::clone(registry));
            let longest = &mut self.schedule.longest_token;
            *longest = (*longest).max(longest_token(registry));
            let former = before.get(&registry.name);
            let former = former.and_then(|before| {
                Some(Former {
                    until: now + longest_token(before) + LEEWAY,
                    registry: Arc::clone(before),
                    keys: Arc::clone(self.keys_of(before)?),
                })
            });
            match registry.naming {
                Naming::Profile(Profile::X5c) => self.open_leaves(registry.algorithm)?,
                Naming::Kid(_)
                | Naming::Profile(Profile::Libtrust | Profile::Pinned | Profile::Rfc7638) => {
                    self.reread(registry, now)?;
                }
            }
            let keys = self.keys_of(registry);
            let former = former.filter(|former| keys.is_none_or(|keys| !former.is(registry, keys)));
            self.former.extend(former);
        }
        self.renew(now)
    }

    /// Makes the leaves that are due, and forgets what no token needs.
    pub(super) fn renew(&mut self, now: Timestamp) -> Result<(), KeyError> {
        for leaves in self.leaves.values_mut() {
            leaves.renew(self.schedule, &self.authority, now)?;
        }
        self.former.retain(|former| now < former.until);
        Ok(())
    }

    /// Makes new leaves that sign from now on, for one algorithm or all.
    pub(super) fn rotate(
        &mut self,
        only: Option<Algorithm>,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        for (algorithm, leaves) in &mut self.leaves {
            if only.is_none_or(|only| only == *algorithm) {
                leaves.rotate(self.schedule, &self.authority, now)?;
            }
        }
        Ok(())
    }

    /// Reads a registry's own keys anew.
    pub(super) fn reread(
        &mut self,
        registry: &Arc<Registry>,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        let keys = RegistryKeys::open(&self.registries_folder(), registry, now)?;
        self.registry_keys
            .insert(KeyId::of(registry), Arc::new(keys));
        Ok(())
    }

    /// A registry's own keys, if it has any.
    pub(super) fn keys_of(&self, registry: &Registry) -> Option<&Arc<RegistryKeys>> {
        self.registry_keys.get(&KeyId::of(registry))
    }

    /// The keys of which a registry's tokens live, though it has others now.
    pub(super) fn former(
        &self,
        registry: &Registry,
        now: Timestamp,
    ) -> impl Iterator<Item = &Former> {
        let keys = self.keys_of(registry);
        self.former.iter().filter(move |former| {
            former.registry.name == registry.name
                && now < former.until
                && keys.is_none_or(|keys| !former.is(registry, keys))
        })
    }

    /// When something is due again.
    pub(super) fn next_look(&self, now: Timestamp) -> Timestamp {
        let soonest = now + SignedDuration::from_secs(1);
        let latest = now + SignedDuration::from_hours(1);
        self.leaves
            .values()
            .map(|leaves| leaves.next_look(self.schedule, &self.authority, now))
            .fold(latest, Timestamp::min)
            .max(soonest)
    }

    fn open_leaves(&mut self, algorithm: Algorithm) -> Result<(), KeyError> {
        if !self.leaves.contains_key(&algorithm) {
            let folder = self.folder.join("leaves").join(algorithm.as_str());
            let leaves = Leaves::open(&folder, algorithm)?;
            self.leaves.insert(algorithm, leaves);
        }
        Ok(())
    }

    fn registries_folder(&self) -> PathBuf {
        Path::new(&self.folder).join("registries")
    }
}

/// The longest that a token for a registry can live.
pub(super) fn longest_token(registry: &Registry) -> SignedDuration {
    SignedDuration::try_from(registry.token_ttl)
        .unwrap_or(SignedDuration::MAX)
        .clamp(SignedDuration::from_mins(1), SignedDuration::from_hours(24))
}
