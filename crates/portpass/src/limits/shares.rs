//! How much each host holds at once: connections, bytes of bodies, questions to a provider.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use super::host;

/// A total, of which no host has more than its part. Hosts that hold nothing
/// are not remembered, so there are never more of them than things held.
#[derive(Debug)]
pub(crate) struct Shares {
    total: u64,
    each: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: u64,
    by: HashMap<IpAddr, u64>,
}

/// What a host holds, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    host: IpAddr,
    amount: u64,
}

impl Shares {
    /// A total of which one host (`/64` of IPv6) may hold `each`.
    pub(crate) fn new(total: u64, each: u64) -> Arc<Self> {
        Arc::new(Self {
            total,
            each,
            held: Mutex::default(),
        })
    }

    /// Takes one for an address, if there is room for it.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Share> {
        let mut share = self.nothing(address);
        share.grow(1).then_some(share)
    }

    /// A share of nothing yet.
    pub(crate) fn nothing(self: &Arc<Self>, address: IpAddr) -> Share {
        Share {
            shares: Arc::clone(self),
            host: host(address),
            amount: 0,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("no holder of the lock can panic")
    }
}

impl Share {
    /// Takes so much more, if there is room for all of it.
    pub(crate) fn grow(&mut self, by: u64) -> bool {
        let mut held = self.shares.held();
        let all = held.all.saturating_add(by);
        let own = held.by.get(&self.host).copied().unwrap_or_default();
        let own = own.saturating_add(by);
        if all > self.shares.total || own > self.shares.each {
            return false;
        }
        held.all = all;
        held.by.insert(self.host, own);
        self.amount += by;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.amount == 0 {
            return;
        }
        let mut held = self.shares.held();
        held.all = held.all.saturating_sub(self.amount);
        if let Entry::Occupied(mut own) = held.by.entry(self.host) {
            let rest = own.get().saturating_sub(self.amount);
            if rest == 0 {
                own.remove();
            } else {
                own.insert(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn no_host_has_more_than_its_part_and_all_together_no_more_than_the_total() {
        let shares = Shares::new(3, 2);
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        let held = [shares.take(one), shares.take(one)];
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(one).is_none());
        let last = shares.take(other);
        assert!(last.is_some());
        assert!(shares.take(other).is_none());
        drop(held);
        assert!(shares.take(one).is_some());
    }

    #[test]
    fn a_share_that_found_no_room_takes_nothing() {
        let shares = Shares::new(10, 10);
        let mut share = shares.nothing(address("192.0.2.1"));
        assert!(share.grow(8));
        assert!(!share.grow(3));
        assert!(share.grow(2));
    }

    #[test]
    fn neighbours_in_an_ipv6_network_share_a_part() {
        let shares = Shares::new(10, 1);
        let held = shares.take(address("2001:db8::1"));
        assert!(held.is_some());
        assert!(shares.take(address("2001:db8::2")).is_none());
        assert!(shares.take(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn hosts_that_hold_nothing_are_forgotten() {
        let shares = Shares::new(1000, 1);
        for number in 0..1000_u32 {
            drop(shares.take(IpAddr::from(number.to_be_bytes())));
        }
        let held = shares.held();
        assert_eq!((held.all, held.by.len()), (0, 0));
    }
}
