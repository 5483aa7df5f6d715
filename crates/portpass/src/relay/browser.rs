//! People in a browser, who should not type their password for every page.
//!
//! What the browser keeps is an encrypted number. The password that it stands
//! for is in the memory of this process alone, and for ten minutes.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use moka::{policy::EvictionPolicy, sync::Cache};

use super::{SealKey, Sealed};
use crate::{credential::Password, short_id::ShortId};

/// How long a login in a browser lasts.
const LASTS: SignedDuration = SignedDuration::from_mins(10);

/// How many there may be; the one that was used least lately makes room.
const MOST: u64 = 1024;

/// What the numbers are sealed for.
const PURPOSE: &str = "browser";

/// The logins in browsers.
pub(super) struct Browsers {
    /// By number: the password, and until when.
    logins: Cache<ShortId, (Password, Timestamp)>,
}

impl Browsers {
    /// Keeps a password that the provider took, and gives what stands for it;
    /// nothing where the system has no random bytes to give.
    pub(super) fn keep(&self, key: &SealKey, password: Password, now: Timestamp) -> Option<Sealed> {
        let number = ShortId::random().ok()?;
        let sealed = key.seal(PURPOSE, &number.to_string()).ok()?;
        self.logins.insert(number, (password, now + LASTS));
        Some(sealed)
    }

    /// The password that a browser's number stands for, if it still does.
    pub(super) fn recall(
        &self,
        key: &SealKey,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Option<Password> {
        let number = number(key, sealed)?;
        let (password, until) = self.logins.get(&number)?;
        if until <= now {
            self.logins.invalidate(&number);
            return None;
        }
        Some(password)
    }

    /// Forgets a password, since the provider does not take it any more.
    pub(super) fn forget(&self, key: &SealKey, sealed: &Sealed) {
        if let Some(number) = number(key, sealed) {
            self.logins.invalidate(&number);
        }
    }
}

impl Default for Browsers {
    fn default() -> Self {
        Self {
            logins: Cache::builder()
                .max_capacity(MOST)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(Duration::try_from(LASTS).unwrap_or_default())
                .build(),
        }
    }
}

impl fmt::Debug for Browsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browsers").finish_non_exhaustive()
    }
}

/// The number within, if we sealed it.
fn number(key: &SealKey, sealed: &Sealed) -> Option<ShortId> {
    key.open(PURPOSE, sealed)?.expose().parse().ok()
}
