//! A listening socket that hands connections out before anything is spent on them.
//!
//! tokio's own puts each connection under its watch first. Whoever floods us
//! with connections that are closed at once shall not have us do that for each.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use rustix::net::sockopt::set_socket_linger;
use tokio::{
    io::{Interest, unix::AsyncFd},
    net::TcpListener,
};

/// The listening socket.
#[derive(Debug)]
pub(super) struct Listener(AsyncFd<std::net::TcpListener>);

/// A connection that nobody watches yet.
#[derive(Debug)]
pub(super) struct Accepted(TcpStream);

impl Listener {
    /// The socket, taken out of tokio's hands.
    ///
    /// # Errors
    ///
    /// When the system does not let it be watched.
    #[expect(
        deprecated,
        reason = "sound for a socket, which owns its descriptor; what is there instead is unsafe code"
    )]
    pub(super) fn of(listener: TcpListener) -> io::Result<Self> {
        let listener = listener.into_std()?;
        Ok(Self(AsyncFd::with_interest(listener, Interest::READABLE)?))
    }

    /// The next connection, and whose it is.
    ///
    /// # Errors
    ///
    /// When there is one, and no descriptor for it.
    pub(super) async fn accept(&self) -> io::Result<(Accepted, SocketAddr)> {
        let accept = |listener: &std::net::TcpListener| listener.accept();
        let (stream, peer) = self.0.async_io(Interest::READABLE, accept).await?;
        Ok((Accepted(stream), peer))
    }
}

impl Accepted {
    /// Keeps the connection.
    ///
    /// # Errors
    ///
    /// When the system does not let it be watched.
    pub(super) fn keep(self) -> io::Result<tokio::net::TcpStream> {
        self.0.set_nonblocking(true)?;
        // Answers are small and awaited: nothing is gained by gathering them.
        self.0.set_nodelay(true)?;
        tokio::net::TcpStream::from_std(self.0)
    }

    /// Ends the connection; not even the system keeps anything of it.
    pub(super) fn turn_away(self) {
        if let Err(error) = set_socket_linger(&self.0, Some(Duration::ZERO)) {
            tracing::debug!(error = %error, "A connection lingers");
        }
    }
}
