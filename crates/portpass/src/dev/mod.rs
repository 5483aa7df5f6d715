//! `portpass dev`: all of Portpass on loopback, with JWTs of its own making.
//!
//! Nothing here is part of a request's flow. Its folder bears a mark, so that
//! keys that anybody may sign with never serve a real registry.

use std::{io, net::SocketAddr, path::PathBuf};

use fixtures::FixtureError;

pub use self::{config::DevSettings, jwt::JwtOrder, key::DevKey};

mod config;
mod jwt;
mod key;
pub mod marker;

/// Why `portpass dev` does not start, or a folder is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// A folder of `portpass dev`, where another is wanted.
    #[error("{} belongs to `portpass dev`, whose keys anybody may sign with; name another `data_dir`", .folder.display())]
    DevFolder {
        /// The folder that bears the mark.
        folder: PathBuf,
    },
    /// An address that others reach, too.
    #[error(
        "{address} is not on loopback, and `portpass dev` trusts JWTs that anybody may make; use 127.0.0.1 or [::1]"
    )]
    Exposed {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// A set claim, or a fixture that is not there.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A folder that holds something and is not marked.
    #[error("{} is not empty and not of `portpass dev`; name a new folder with `--data-dir`", .folder.display())]
    ForeignFolder {
        /// The folder without the mark.
        folder: PathBuf,
    },
    /// A file or folder that cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key that cannot be made, or cannot sign.
    #[error("{action} the development key failed")]
    Key {
        /// What was tried.
        action: &'static str,
    },
    /// A key file that holds something else.
    #[error("{} is not a key of `portpass dev`; remove it, and a new one is made", .path.display())]
    NotAKey {
        /// The key file.
        path: PathBuf,
    },
}

impl DevError {
    /// For `map_err` on what concerns a path.
    fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
