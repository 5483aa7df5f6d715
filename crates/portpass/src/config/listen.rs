//! `[listen]`: the addresses that are served.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Located, read::Reading};

/// The addresses that are served, and whose word is taken for a caller's.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListenSection {
    /// Address and port for clients: `/token`, the JWKS and `/healthz`. With
    /// `[tls]` it speaks HTTPS, else HTTP for a proxy in front of it.
    /// Example: `"0.0.0.0:8443"`.
    #[schemars(with = "String")]
    http: Located<SocketAddr>,
    /// Address and port for operators: metrics and readiness in detail. It has
    /// no password, so keep it where only they reach it.
    #[schemars(with = "String")]
    ops: Located<SocketAddr>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed: the caller
    /// is the rightmost address that is not one of them. Empty: whoever
    /// connects is the caller. Example: `["10.0.0.0/8", "fd00::/8"]`.
    #[schemars(with = "Vec<String>")]
    trusted_proxies: Vec<IpNet>,
}

/// What is listened on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenSettings {
    /// For clients.
    pub http: SocketAddr,
    /// For operators.
    pub ops: SocketAddr,
    /// The proxies whose word is taken for the caller's address.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for ListenSettings {
    fn default() -> Self {
        let loopback = |port| SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        Self {
            http: loopback(8080),
            ops: loopback(9090),
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for ListenSection {
    fn default() -> Self {
        let ListenSettings {
            http,
            ops,
            trusted_proxies,
        } = ListenSettings::default();
        let nowhere = |value| Located {
            value,
            at: super::Place::default(),
        };
        Self {
            http: nowhere(http),
            ops: nowhere(ops),
            trusted_proxies,
        }
    }
}

impl ListenSection {
    pub(super) fn settle(self, reading: &mut Reading<'_>) -> ListenSettings {
        let (http, ops) = (self.http.value, self.ops.value);
        if http == ops && http.port() != 0 {
            let message = format!("`http` and `ops` are both {http}; give each its own port");
            reading.fault(self.ops.at.max(self.http.at), message);
        }
        ListenSettings {
            http,
            ops,
            trusted_proxies: self.trusted_proxies,
        }
    }
}
