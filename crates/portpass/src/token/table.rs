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
    registry_keys::RegistryKeys,
};
use crate::registry::{Algorithm, Profile, Registry};

/// The keys of a moment. It only grows until a restart: while a reload is under
/// way, requests sign for the registries of both files.
#[derive(Clone, Debug)]
pub(super) struct Table {
    folder: PathBuf,
    pub(super) schedule: Schedule,
    pub(super) authority: Arc<Authority>,
    pub(super) leaves: BTreeMap<Algorithm, Leaves>,
    pub(super) registry_keys: BTreeMap<(Arc<str>, Algorithm), Arc<RegistryKeys>>,
    /// The registries of the last list, by name.
    pub(super) registries: BTreeMap<Arc<str>, Arc<Registry>>,
}

impl Table {
    /// The CA alone.
    pub(super) fn open(settings: &KeySettings, now: Timestamp) -> Result<Self, KeyError> {
        let folder = settings.data_dir.join("keys");
        let authority = match &settings.ca {
            Some((certificate, key)) => Authority::given(certificate, key)?,
            None => Authority::open(&folder.join("ca"), now)?,
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
        self.registries.clear();
        for registry in registries {
            let name = Arc::clone(&registry.name);
            self.registries.insert(name, Arc::clone(registry));
            let longest = &mut self.schedule.longest_token;
            *longest = (*longest).max(longest_token(registry));
            match registry.profile {
                Profile::X5c => self.open_leaves(registry.algorithm)?,
                Profile::Libtrust | Profile::Pinned | Profile::Rfc7638 => {
                    self.reread(registry, now)?;
                }
            }
        }
        self.renew(now)
    }

    /// Makes the leaves that are due, and forgets what no token needs.
    pub(super) fn renew(&mut self, now: Timestamp) -> Result<(), KeyError> {
        for leaves in self.leaves.values_mut() {
            leaves.renew(self.schedule, &self.authority, now)?;
        }
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
        let id = (Arc::clone(&registry.name), registry.algorithm);
        self.registry_keys.insert(id, Arc::new(keys));
        Ok(())
    }

    /// A registry's own keys, if it has any.
    pub(super) fn keys_of(&self, registry: &Registry) -> Option<&Arc<RegistryKeys>> {
        let id = (Arc::clone(&registry.name), registry.algorithm);
        self.registry_keys.get(&id)
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
