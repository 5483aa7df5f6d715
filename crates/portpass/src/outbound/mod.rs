//! Asking other servers: issuers for their keys, a provider for its tokens.
//!
//! Nothing here says whom. A client goes where it is told and nowhere else, and
//! connects to no address that it was not meant for (`address`, `resolve`).

mod address;
mod resolve;

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use self::resolve::Names;
pub(crate) use self::{address::Reach, resolve::is_localhost};

/// Why no client can be built; the words are for the `ca` of the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientFault {
    #[error("the CA bundle contains no certificate in PEM")]
    Ca,
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// How long a request may take, and how much is kept for the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From the name to the last byte.
    pub(crate) timeout: Duration,
    /// Connections that are kept open for later requests.
    pub(crate) idle_connections: usize,
}

/// A client that goes where it is told and nowhere else: no proxy, no redirect,
/// no retry, no name resolved by others.
///
/// `ca` is the PEM of certificates to trust beside the public ones; private
/// addresses are connected to only if that is allowed.
///
/// # Errors
///
/// When the CA holds no certificate.
pub(crate) fn client(
    ca: Option<&[u8]>,
    allow_private_network: bool,
    bounds: Bounds,
) -> Result<Client, ClientFault> {
    builder(ca, allow_private_network, bounds)?
        .build()
        .map_err(|error| ClientFault::Client(with_causes(&error)))
}

/// As [`client`], for somebody who wants to know more of the connection.
///
/// # Errors
///
/// When the CA holds no certificate.
pub(crate) fn builder(
    ca: Option<&[u8]>,
    allow_private_network: bool,
    bounds: Bounds,
) -> Result<ClientBuilder, ClientFault> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls(ca)?)
        .dns_resolver(Names::new(allow_private_network))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(bounds.timeout)
        .timeout(bounds.timeout)
        .pool_max_idle_per_host(bounds.idle_connections)
        .user_agent(concat!("portpass/", env!("CARGO_PKG_VERSION"))))
}

fn tls(ca: Option<&[u8]>) -> Result<ClientConfig, ClientFault> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        // An image from scratch has none.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(pem) = ca {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_not_pem| ClientFault::Ca)?;
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(ClientFault::Ca);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientFault::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// An error with everything that led to it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.ends_with(&next) {
            words.push_str(": ");
            words.push_str(&next);
        }
        cause = error.source();
    }
    words
}
