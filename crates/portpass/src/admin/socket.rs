//! The Unix socket: 0600 in a folder of 0700, its peers known by their uid.

use std::{
    convert::Infallible,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::{UnixListener, UnixStream};
use tower::ServiceExt as _;

use super::{actor::Actor, host::Admin, routes::router};

/// A socket that operators may connect to.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Makes the socket's folder if it is missing, and the socket anew.
    ///
    /// The caller holds the data folder's lock, so a socket that is there was
    /// left by a server that is gone.
    ///
    /// # Errors
    ///
    /// When the folder is open to others, or the socket cannot be made.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let failed = |error| SocketError::Bind {
            path: path.to_owned(),
            error,
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let mode = fs::metadata(folder).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SocketError::Open {
                folder: folder.to_owned(),
                mode,
            });
        }
        let is_other = fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket());
        if is_other {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Answers operators until it is dropped.
    pub async fn serve(self, admin: Admin) -> Infallible {
        let router = router(admin);
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(error = %error, "An operator's connection was not accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(error = %error, "The admin socket was not removed");
        }
    }
}

async fn connection(stream: UnixStream, router: Router) {
    let actor = match stream.peer_cred() {
        Ok(credentials) => Actor::uid(credentials.uid()),
        Err(error) => {
            tracing::warn!(error = %error, "An operator's uid is unknown");
            return;
        }
    };
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(actor.clone());
        let router = router.clone();
        async move {
            match router.oneshot(request.map(Body::new)).await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(never) => match never {},
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    if let Err(error) = builder
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(error = %error, "An operator's connection ended early");
    }
}

/// The admin socket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system refused it.
    #[error("the admin socket {} cannot be made: {error}", path.display())]
    Bind {
        /// The socket.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Others may enter its folder.
    #[error("the admin socket's folder {} has mode {mode:o}; it must be closed to others (0700)", .folder.display())]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}
