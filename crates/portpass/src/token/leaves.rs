//! The leaves of one algorithm: which signs now, which comes, which are past.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::{
    KeyError,
    authority::Authority,
    leaf::{Leaf, OUTLIVES},
    pem,
    signing_key::SigningKey,
    state::State,
};
use crate::registry::Algorithm;

/// When leaves are due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// How long a leaf signs.
    pub(super) rotate_every: SignedDuration,
    /// The longest life of a token that a leaf may sign.
    pub(super) longest_token: SignedDuration,
}

impl Schedule {
    /// How long before its turn a leaf is made, so that readers of the JWKS
    /// have seen it.
    fn lead(&self) -> SignedDuration {
        (self.rotate_every / 4).min(SignedDuration::from_hours(1))
    }
}

/// The leaves of one algorithm, in the order of their turns.
#[derive(Clone, Debug)]
pub(super) struct Leaves {
    folder: PathBuf,
    algorithm: Algorithm,
    all: Vec<Arc<Leaf>>,
}

impl Leaves {
    /// Reads what earlier starts made, which may be nothing.
    pub(super) fn open(folder: &Path, algorithm: Algorithm) -> Result<Self, KeyError> {
        pem::sweep(folder)?;
        let mut all = Vec::new();
        for path in pem::list(folder)? {
            all.push(Arc::new(Leaf::read(path)?));
        }
        all.sort_by_key(|leaf| leaf.sign_from);
        Ok(Self {
            folder: folder.to_owned(),
            algorithm,
            all,
        })
    }

    /// The leaf whose turn it is. After a clock was set back that may be one
    /// whose turn has yet to come: better that than no token.
    pub(super) fn current<'a>(
        &'a self,
        authority: &'a Authority,
        now: Timestamp,
    ) -> Option<&'a Arc<Leaf>> {
        let mut usable = self
            .under(authority)
            .filter(|leaf| leaf.certificate.not_before <= now && now < leaf.certificate.not_after);
        let mut current = usable.next()?;
        for leaf in usable {
            if leaf.sign_from <= now {
                current = leaf;
            }
        }
        Some(current)
    }

    /// Every leaf whose public key somebody may need, and its state.
    pub(super) fn states<'a>(
        &'a self,
        authority: &'a Authority,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Arc<Leaf>, State)> {
        let current = self.current(authority, now);
        self.all
            .iter()
            .filter(move |leaf| now < leaf.certificate.not_after)
            .map(move |leaf| {
                let state = match current {
                    Some(current) if Arc::ptr_eq(current, leaf) => State::Current,
                    _ if leaf.sign_from > now => State::Coming,
                    _ => State::Past,
                };
                (leaf, state)
            })
    }

    /// Makes the next leaf if it is due, and forgets those that no token needs.
    pub(super) fn renew(
        &mut self,
        schedule: Schedule,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        if let Some(sign_from) = self.due(schedule, authority, now) {
            self.add(sign_from, schedule, authority, now)?;
        }
        for leaf in self
            .all
            .extract_if(.., |leaf| leaf.certificate.not_after <= now)
        {
            leaf.remove()?;
        }
        Ok(())
    }

    /// Makes a leaf that signs from now on. What was to come is forgotten: it
    /// has signed nothing, and may be why the operator asks.
    pub(super) fn rotate(
        &mut self,
        schedule: Schedule,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        let sign_from = self.add(now, schedule, authority, now)?;
        for leaf in self.all.extract_if(.., |leaf| leaf.sign_from > sign_from) {
            leaf.remove()?;
        }
        Ok(())
    }

    /// When to look again: before the next leaf is due, or once one is past.
    pub(super) fn next_look(
        &self,
        schedule: Schedule,
        authority: &Authority,
        now: Timestamp,
    ) -> Timestamp {
        let due = self
            .under(authority)
            .next_back()
            .map_or(now + SignedDuration::from_hours(1), |last| {
                last.sign_from + schedule.rotate_every - schedule.lead()
            });
        let ends = self.all.iter().map(|leaf| leaf.certificate.not_after);
        ends.fold(due, Timestamp::min)
    }

    /// From when a leaf that is to be made now would sign, if one is to be made.
    fn due(&self, schedule: Schedule, authority: &Authority, now: Timestamp) -> Option<Timestamp> {
        let end = authority.certificate().not_after;
        if end <= now + OUTLIVES + SignedDuration::from_mins(1) {
            // Nothing that it certifies could sign a token: `Authority::expiry` warns.
            return None;
        }
        // A leaf of a clock that was ahead cannot sign, maybe for years: it is passed over.
        let mut begun = self
            .under(authority)
            .filter(|leaf| leaf.certificate.not_before <= now);
        let Some(last) = begun.next_back() else {
            return Some(now);
        };
        let turn = last.sign_from + schedule.rotate_every;
        if turn <= now + schedule.lead() {
            return Some(turn.max(now));
        }
        // Tokens came to live longer than was planned for when it was made.
        let too_short = last.last_expiry() < now + schedule.longest_token + schedule.lead();
        (too_short && last.certificate.not_after < end).then_some(now)
    }

    fn add(
        &mut self,
        sign_from: Timestamp,
        schedule: Schedule,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<Timestamp, KeyError> {
        // Its file's name has milliseconds, and no two leaves share one.
        let mut sign_from = sign_from
            .round(
                TimestampRound::new()
                    .smallest(Unit::Millisecond)
                    .mode(RoundMode::Trunc),
            )
            .unwrap_or(sign_from);
        while self.all.iter().any(|leaf| leaf.sign_from == sign_from) {
            sign_from += SignedDuration::from_millis(1);
        }
        // A whole turn more than planned, for a `maintain` that comes late.
        let not_after = sign_from + schedule.rotate_every * 2 + schedule.longest_token + OUTLIVES;
        let key = SigningKey::generate(self.algorithm)?;
        let leaf = Leaf::make(&self.folder, key, authority, sign_from, now, not_after)?;
        self.all.push(Arc::new(leaf));
        self.all.sort_by_key(|leaf| leaf.sign_from);
        Ok(sign_from)
    }

    /// The leaves under today's CA: those of another one sign no more.
    fn under<'a>(
        &'a self,
        authority: &'a Authority,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<Leaf>> {
        self.all
            .iter()
            .filter(|leaf| leaf.authority == *authority.certificate())
    }
}
