//! Which addresses of the network may be asked for anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address is from being anybody's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    /// Never a server of ours: link-local, with the clouds' metadata, and the like.
    Forbidden,
    /// Inside: private, loopback, shared.
    Private,
    /// The internet.
    Public,
}

impl Reach {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        if address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || a == 0
            || a >= 240
            // Alibaba Cloud's metadata, inside the shared range.
            || address == Ipv4Addr::new(100, 100, 100, 200)
        {
            Self::Forbidden
        } else if address.is_private()
            || address.is_loopback()
            || address.is_documentation()
            || (a == 100 && (64..128).contains(&b))
            || (a == 198 && (18..20).contains(&b))
            || (a == 192 && b == 0 && c == 0)
        {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(v4) = embedded_v4(address) {
            return Self::of_v4(v4);
        }
        let [first, second, ..] = address.segments();
        if address.is_unspecified()
            || address.is_multicast()
            || address.is_unicast_link_local()
            || is_translated(address)
            // Site-local, which nobody may use any more (RFC 3879).
            || (first & 0xffc0) == 0xfec0
            // Amazon's metadata.
            || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        {
            Self::Forbidden
        } else if address.is_loopback()
            || address.is_unique_local()
            || (first == 0x2001 && second == 0xdb8)
        {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// Whether an address leads to an IPv4 one by a way that only a network of
/// one's own has: translation (RFC 2765, RFC 8215) and Teredo (RFC 4380).
fn is_translated(address: Ipv6Addr) -> bool {
    matches!(
        address.segments(),
        [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..]
    )
}

/// The IPv4 address that an IPv6 one leads to: mapped, compatible, NAT64 and 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_inside_address_is_seen() {
        for (text, reach) in [
            ("140.82.121.4", Reach::Public),
            ("2606:50c0:8000::154", Reach::Public),
            ("172.32.0.1", Reach::Public),
            ("10.0.0.1", Reach::Private),
            ("172.16.0.1", Reach::Private),
            ("192.168.1.1", Reach::Private),
            ("127.8.8.8", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("::1", Reach::Private),
            ("fd12::1", Reach::Private),
            ("::ffff:10.0.0.1", Reach::Private),
            ("64:ff9b::7f00:1", Reach::Private),
            ("2002:a00:1::1", Reach::Private),
            ("169.254.169.254", Reach::Forbidden),
            ("::ffff:169.254.169.254", Reach::Forbidden),
            ("64:ff9b::a9fe:a9fe", Reach::Forbidden),
            ("fd00:ec2::254", Reach::Forbidden),
            ("::ffff:0:a9fe:a9fe", Reach::Forbidden),
            ("64:ff9b:1::a9fe:a9fe", Reach::Forbidden),
            ("2001:0:a9fe:a9fe::1", Reach::Forbidden),
            ("fec0::1", Reach::Forbidden),
            ("fe80::1", Reach::Forbidden),
            ("0.0.0.0", Reach::Forbidden),
            ("::", Reach::Forbidden),
            ("224.0.0.1", Reach::Forbidden),
            ("255.255.255.255", Reach::Forbidden),
        ] {
            assert_eq!(Reach::of(text.parse().unwrap()), reach, "{text}");
        }
    }
}
