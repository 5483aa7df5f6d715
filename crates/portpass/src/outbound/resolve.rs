//! Names to addresses, without the C library and without leading us inside.
//!
//! A static glibc has no name service switch, so names are resolved here; and
//! the address that was judged is the one that is connected to, so a name that
//! changes its mind in between gains nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use hickory_resolver::{ResolverBuilder, TokioResolver};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Reach;

/// Resolves the names of one server.
#[derive(Clone, Default)]
pub(super) struct Names {
    allow_private_network: bool,
    /// Made at the first name: the system's settings may not be there before.
    resolver: Arc<OnceLock<TokioResolver>>,
}

/// Why a name gives no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameFault {
    #[error(
        "{0} resolves to an address that is never asked for anything, such as a cloud's metadata"
    )]
    Forbidden(String),
    #[error("{0} cannot be resolved: {1}")]
    Lookup(String, String),
    #[error("{0} resolves to a private address: set allow_private_network = true for it")]
    Private(String),
}

impl Names {
    pub(super) fn new(allow_private_network: bool) -> Self {
        Self {
            allow_private_network,
            resolver: Arc::default(),
        }
    }

    async fn lookup(&self, name: &str) -> Result<Vec<IpAddr>, NameFault> {
        // RFC 6761 §6.3: never asked of anybody.
        if is_localhost(name) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let fault = |error: &dyn std::error::Error| {
            NameFault::Lookup(name.to_owned(), super::with_causes(error))
        };
        let resolver = if let Some(resolver) = self.resolver.get() {
            resolver
        } else {
            let made = TokioResolver::builder_tokio()
                .and_then(ResolverBuilder::build)
                .map_err(|error| fault(&error))?;
            self.resolver.get_or_init(|| made)
        };
        let found = resolver
            .lookup_ip(name)
            .await
            .map_err(|error| fault(&error))?;
        Ok(found.iter().collect())
    }

    /// The addresses that may be connected to, of those found.
    fn allowed(&self, name: &str, found: &[IpAddr]) -> Result<Vec<SocketAddr>, NameFault> {
        let allowed: Vec<_> = found
            .iter()
            .filter(|address| match Reach::of(**address) {
                Reach::Forbidden => false,
                Reach::Private => self.allow_private_network,
                Reach::Public => true,
            })
            // Port 0 stands for the URL's own.
            .map(|address| SocketAddr::new(*address, 0))
            .collect();
        if !allowed.is_empty() {
            return Ok(allowed);
        }
        if found
            .iter()
            .any(|address| Reach::of(*address) == Reach::Private)
        {
            return Err(NameFault::Private(name.to_owned()));
        }
        Err(NameFault::Forbidden(name.to_owned()))
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let found = names.lookup(name.as_str()).await?;
            let allowed = names.allowed(name.as_str(), &found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether a name is this machine's own, whatever DNS says.
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(allow: bool, found: &[&str]) -> Result<usize, String> {
        let found: Vec<_> = found.iter().map(|text| text.parse().unwrap()).collect();
        Names::new(allow)
            .allowed("idp.example.com", &found)
            .map(|addresses| addresses.len())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn private_addresses_are_refused_with_the_way_out() {
        assert_eq!(allowed(false, &["140.82.121.4", "10.0.0.1"]), Ok(1));
        assert_eq!(allowed(true, &["140.82.121.4", "10.0.0.1"]), Ok(2));
        assert_eq!(
            allowed(false, &["10.0.0.1"]).unwrap_err(),
            "idp.example.com resolves to a private address: \
             set allow_private_network = true for it"
        );
    }

    #[test]
    fn metadata_is_refused_even_inside() {
        assert!(allowed(true, &["169.254.169.254"]).is_err());
        assert_eq!(allowed(true, &["169.254.169.254", "10.0.0.1"]), Ok(1));
    }

    #[tokio::test]
    async fn localhost_is_asked_of_nobody() {
        for name in ["localhost", "LOCALHOST.", "issuer.localhost"] {
            let found = Names::new(true).lookup(name).await.unwrap();
            assert!(found.iter().all(IpAddr::is_loopback), "{name}");
        }
    }
}
