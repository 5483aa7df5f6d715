//! `[admin]`: where the commands reach a running server.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ListenSettings, Located, TlsFiles, names,
    read::Reading,
    secret::{SecretSection, SecretText},
};

/// The shortest token, in bytes: 256 bits, however they are written.
const MIN_TOKEN_BYTES: usize = 32;

/// Where the commands reach a running server.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AdminSection {
    /// Address and port on which the admin API is served over TCP as well, to
    /// whoever has one of `tokens`. HTTPS with the certificate of `[tls]`;
    /// plain HTTP on loopback only. Example: `"127.0.0.1:9091"`.
    #[schemars(with = "Option<String>")]
    listen: Option<Located<SocketAddr>>,
    /// The Unix socket, made with mode 0600 in a folder of mode 0700. Default:
    /// `admin/portpass.sock` in `store.data_dir`.
    /// Example: `"/run/portpass/admin.sock"`.
    pub(super) socket: Option<Located<String>>,
    /// Who may use `listen`: names, which events carry, and their secrets of
    /// at least 32 bytes. Example: `{ alice = { file = "/run/secrets/alice" } }`.
    tokens: BTreeMap<Located<String>, Located<SecretSection>>,
}

/// The admin API over TCP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminListen {
    /// What is listened on.
    pub address: SocketAddr,
    /// The secrets that are accepted, by the names of their holders.
    pub tokens: BTreeMap<String, SecretText>,
}

/// The socket, if nobody says where it is.
pub(super) fn default_socket(data_dir: &Path) -> PathBuf {
    data_dir.join("admin").join("portpass.sock")
}

impl AdminSection {
    /// The TCP side, if it is wanted.
    pub(super) fn settle(
        self,
        listen: &ListenSettings,
        tls: Option<&TlsFiles>,
        reading: &mut Reading<'_>,
    ) -> Option<AdminListen> {
        let mut tokens = BTreeMap::new();
        let first = self.tokens.keys().next().map(|name| name.at);
        for (name, secret) in self.tokens {
            names::check(reading, "token", &name.value, name.at);
            let Some(secret) = secret.settle(reading) else {
                continue;
            };
            if secret.expose().len() < MIN_TOKEN_BYTES {
                let message = format!(
                    "the secret of `{}` is shorter than {MIN_TOKEN_BYTES} bytes; make one with \
                     `openssl rand -hex 32`",
                    name.value
                );
                reading.fault(name.at, message);
            }
            tokens.insert(name.value, secret);
        }
        match (self.listen, first) {
            (None, None) => None,
            (None, Some(at)) => {
                let message = "tokens are for the admin API over TCP; set `listen`, or remove them";
                reading.fault(at, message);
                None
            }
            (Some(address), None) => {
                let message = "whoever reaches this port could do everything; give `tokens`";
                reading.fault(address.at, message);
                None
            }
            (Some(address), Some(_)) => {
                check_address(&address, listen, tls, reading);
                Some(AdminListen {
                    address: address.value,
                    tokens,
                })
            }
        }
    }
}

fn check_address(
    address: &Located<SocketAddr>,
    listen: &ListenSettings,
    tls: Option<&TlsFiles>,
    reading: &mut Reading<'_>,
) {
    if tls.is_none() && !address.value.ip().is_loopback() {
        let message = "the tokens would cross the network in plain text; listen on loopback, or \
                       give a certificate with `[tls]`";
        reading.fault(address.at, message);
    }
    let others = [("http", listen.http), ("ops", listen.ops)];
    for (name, other) in others {
        if other == address.value && other.port() != 0 {
            let message = format!("`listen.{name}` is {other} as well; give each its own port");
            reading.fault(address.at, message);
        }
    }
}
