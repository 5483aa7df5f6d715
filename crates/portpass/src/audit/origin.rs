//! Where a request came from, as far as a record should say.

use std::{fmt::Write as _, net::IpAddr, sync::Arc};

/// As long as a network's text can be, in bytes.
const LONGEST_NETWORK: usize = 44;

/// The longest user agent that is kept, in bytes.
const MAX_USER_AGENT: usize = 128;

/// Who sent a request: an address and what the client calls itself.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, behind any trusted proxies.
    pub address: IpAddr,
    /// The network that the address is in.
    network: String,
    /// The id under which the request stands in the log.
    pub request_id: Arc<str>,
    /// What the client calls itself; printable and short.
    pub user_agent: Option<String>,
    /// Whether an identity provider alone says who is let through.
    pub trusts_provider: bool,
}

impl Origin {
    /// An origin, with the user agent cut to what is kept.
    pub fn new(address: IpAddr, request_id: impl Into<Arc<str>>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.map(|text| {
            let printable = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
            let mut kept = String::with_capacity(text.len().min(MAX_USER_AGENT));
            kept.extend(printable.take(MAX_USER_AGENT));
            kept
        });
        Self {
            address,
            network: network(address, 24, 48),
            request_id: request_id.into(),
            user_agent,
            trusts_provider: false,
        }
    }

    /// The same, where the identity provider alone says who is let through.
    #[must_use]
    pub fn trusting_provider(self) -> Self {
        Self {
            trusts_provider: true,
            ..self
        }
    }

    /// The network the address is in: `/24` of IPv4, `/48` of IPv6.
    pub fn network(&self) -> &str {
        &self.network
    }
}

/// The first bits of an address, as a network in CIDR notation.
pub(crate) fn network(address: IpAddr, v4_bits: u8, v6_bits: u8) -> String {
    let bits = if address.is_ipv4() { v4_bits } else { v6_bits };
    let mut text = String::with_capacity(LONGEST_NETWORK);
    match ipnet::IpNet::new(address, bits) {
        Ok(network) => write!(text, "{}", network.trunc()),
        Err(_too_many) => write!(text, "{address}"),
    }
    .expect("writing to a string cannot fail");
    text
}
