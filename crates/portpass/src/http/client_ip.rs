//! Who is really calling, behind proxies.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::Peer;

/// The rightmost hop that is not a trusted proxy.
///
/// Each proxy appends the address it saw, so everything left of the first
/// untrusted hop may be forged. The header counts only if the peer itself is
/// trusted; an entry that is no address ends the walk at the hop before it.
pub(super) fn client_ip(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.0.to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = values
        .iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','))
        .map(|hop| std::str::from_utf8(hop).unwrap_or_default());
    for hop in hops {
        let Some(address) = parse(hop.trim()) else {
            break;
        };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// An address, bare, in brackets, or with a port, as proxies write it.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse().ok();
    let with_port = || {
        hop.parse::<std::net::SocketAddr>()
            .ok()
            .map(|address| address.ip())
    };
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port)
        .or_else(bracketed)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let headers = forwarded.iter().map(|value| {
            (
                axum::http::HeaderName::from_static("x-forwarded-for"),
                value.parse().unwrap(),
            )
        });
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_ip(Peer(peer.parse().unwrap()), &headers.collect(), &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_itself_whatever_it_says() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4", "198.51.100.7"]),
            "198.51.100.7"
        );
    }

    #[test]
    fn a_proxy_that_says_nothing_is_the_client() {
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn bytes_of_a_stranger_do_not_hide_what_the_proxy_appended() {
        let name = axum::http::HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.append(&name, "1.2.3.4".parse().unwrap());
        let line = axum::http::HeaderValue::from_bytes(b"\xff, 198.51.100.7").unwrap();
        headers.append(&name, line);
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let client = client_ip(Peer("10.0.0.1".parse().unwrap()), &headers, &trusted);
        assert_eq!(client.to_string(), "198.51.100.7");
    }

    #[test]
    fn nonsense_ends_the_walk() {
        assert_eq!(
            seen("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"]),
            "10.0.0.2"
        );
    }

    #[test]
    fn ports_and_brackets_are_read() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
