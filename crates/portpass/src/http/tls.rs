//! TLS from files, read again when they change.

use std::{
    fmt,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Far more than any certificate chain or key.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A certificate and its key, and what they were read from.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificate: Arc<Current>,
    files: Arc<(PathBuf, PathBuf)>,
}

/// The certificate that the next handshake shows.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads a PEM chain and its key.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or the two do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = Arc::new(Current(ArcSwap::from_pointee(read(certificate, key)?)));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: current,
            files: Arc::new((certificate.to_owned(), key.to_owned())),
        })
    }

    /// Reads the files and leaves it at that, to know whether a reload can go on.
    ///
    /// # Errors
    ///
    /// As [`Tls::load`].
    pub fn check(&self) -> Result<(), TlsError> {
        let (certificate, key) = &*self.files;
        read(certificate, key).map(drop)
    }

    /// Reads the files again; handshakes from now on show what they hold.
    ///
    /// # Errors
    ///
    /// As [`Tls::load`]; the old certificate then stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let (certificate, key) = &*self.files;
        self.certificate.0.store(Arc::new(read(certificate, key)?));
        Ok(())
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(&slurp(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::pem(certificate, error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let key_pem =
        PrivateKeyDer::from_pem_slice(&slurp(key)?).map_err(|error| TlsError::pem(key, error))?;
    Ok(CertifiedKey::from_der(
        chain,
        key_pem,
        &aws_lc_rs::default_provider(),
    )?)
}

fn slurp(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |error| TlsError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

impl TlsError {
    fn pem(path: &Path, error: rustls::pki_types::pem::Error) -> Self {
        Self::Pem {
            path: path.to_owned(),
            error,
        }
    }
}

/// The TLS files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file holds no certificate.
    #[error("{} holds no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// A file is no PEM.
    #[error("{} cannot be read as PEM: {error}", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of no use.
    #[error("the certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}
