//! What is remembered within so many bytes, whatever strangers send.
//!
//! Every request looks into several of these: finding something takes one lock and no
//! bookkeeping, and what is put in has its room at once.

use std::{fmt, hash::Hash};

use quick_cache::{
    DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult},
};

/// Parts with a lock of their own; each has its share of the bytes.
const SHARDS: usize = 8;

/// How much of the room is for what is asked for again and again. The rest goes by age: jobs
/// come a few times within minutes, and then never more.
const OFTEN: f64 = 0.3;

/// What an entry costs besides what its key and value hold.
pub(crate) const ENTRY_BYTES: usize = 256;

/// Entries up to so many bytes; of those that are not asked for, the oldest go first.
pub(crate) struct Bounded<K, V>(Cache<K, (u32, V), Weights>);

/// Each value brings its weight.
#[derive(Clone)]
struct Weights;

impl<K, V> Weighter<K, (u32, V)> for Weights {
    fn weight(&self, _key: &K, (bytes, _value): &(u32, V)) -> u64 {
        u64::from(*bytes).max(1)
    }
}

impl<K, V> Bounded<K, V>
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    /// Room for so many bytes, of entries that usually have so many each.
    pub(crate) fn to(bytes: u64, usual: u64) -> Self {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .hot_allocation(OFTEN)
            .weight_capacity(bytes)
            .estimated_items_capacity(usize::try_from(bytes / usual).unwrap_or(usize::MAX))
            .build()
            .expect("capacities are given");
        let hash = DefaultHashBuilder::default();
        Self(Cache::with_options(
            options,
            Weights,
            hash,
            DefaultLifecycle::default(),
        ))
    }

    /// What is remembered under a key.
    pub(crate) fn find(&self, key: &(impl Hash + Equivalent<K> + ?Sized)) -> Option<V> {
        self.0.get(key).map(|(_bytes, value)| value)
    }

    /// Remembers a value that weighs so many bytes, whatever was there.
    pub(crate) fn put(&self, key: K, value: V, bytes: usize) {
        self.0.insert(key, (weight(bytes), value));
    }

    /// Remembers a value where there is none, or one that `gives_way`; gives the one that is
    /// remembered then.
    pub(crate) fn keep(
        &self,
        key: &K,
        value: V,
        bytes: usize,
        gives_way: impl Fn(&V) -> bool,
    ) -> V {
        let kept = self.0.entry(key, None, |_key, (_bytes, kept)| {
            if gives_way(kept) {
                EntryAction::ReplaceWithGuard
            } else {
                EntryAction::Retain(kept.clone())
            }
        });
        match kept {
            EntryResult::Retained(kept) => kept,
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => {
                // Somebody else was faster: theirs is as new.
                let _faster = place.insert((weight(bytes), value.clone()));
                value
            }
            EntryResult::Removed(..) | EntryResult::Timeout => value,
        }
    }

    /// Forgets what is remembered under a key.
    pub(crate) fn forget(&self, key: &(impl Hash + Equivalent<K> + ?Sized)) {
        self.0.remove(key);
    }

    /// How many bytes its entries weigh, and how many there are.
    #[cfg(test)]
    pub(crate) fn size(&self) -> (u64, usize) {
        (self.0.weight(), self.0.len())
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl<K, V> fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").finish_non_exhaustive()
    }
}

/// Two texts as a key, without owning them.
#[derive(Clone, Copy, Hash)]
pub(crate) struct Two<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl Equivalent<(String, String)> for Two<'_> {
    fn equivalent(&self, (one, other): &(String, String)) -> bool {
        self.0 == one && self.1 == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn two_texts_are_found_as_they_were_kept() {
        let bounded = Bounded::to(1 << 20, 256);
        bounded.put(pair("a", "bc"), 1, 256);
        assert_eq!(bounded.find(&Two("a", "bc")), Some(1));
        assert_eq!(bounded.find(&Two("ab", "c")), None);
        bounded.forget(&Two("a", "bc"));
        assert_eq!(bounded.find(&Two("a", "bc")), None);
    }

    #[test]
    fn what_is_remembered_stays_unless_it_gives_way() {
        let bounded = Bounded::to(1 << 20, 256);
        assert_eq!(bounded.keep(&1, 'a', 256, |_| false), 'a');
        assert_eq!(bounded.keep(&1, 'b', 256, |_| false), 'a');
        assert_eq!(bounded.keep(&1, 'c', 256, |kept| *kept == 'a'), 'c');
        assert_eq!(bounded.find(&1), Some('c'));
    }

    #[test]
    fn it_never_grows_beyond_its_bytes() {
        let bounded = Bounded::to(1 << 16, 256);
        for number in 0..10_000_u32 {
            bounded.put(number, (), 256);
            bounded.keep(&(number + 20_000), (), 300, |()| true);
        }
        let (bytes, entries) = bounded.size();
        assert!(bytes <= 1 << 16, "{bytes}");
        assert!(entries > 100, "{entries}");
        assert_eq!(bounded.find(&9999), Some(()));
    }
}
