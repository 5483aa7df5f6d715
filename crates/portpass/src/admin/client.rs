//! The command line's end of the admin socket.

use std::path::{Path, PathBuf};

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::{Method, Request, header::CONTENT_TYPE, header::HOST};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::net::UnixStream;

use super::EventQuery;
use crate::{
    audit::Event,
    token::{KeyAnswer, KeyCommand},
};

/// A running server, behind its admin socket.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// A client of the server behind a socket; `None` if none listens there.
    ///
    /// # Errors
    ///
    /// When there is a socket that we may not use.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        match UnixStream::connect(socket).await {
            Ok(_) => Ok(Some(Self {
                socket: socket.to_owned(),
            })),
            Err(error) => match error.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(ClientError::Socket(error)),
            },
        }
    }

    /// The events that a query is for, oldest first.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or says why it cannot answer.
    pub async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, ClientError> {
        let query = query.encode()?;
        self.ask(Method::GET, &format!("/events?{query}"), Body::empty())
            .await
    }

    /// Has the server carry out a command on its keys.
    ///
    /// # Errors
    ///
    /// As [`Client::events`].
    pub async fn keys(&self, command: &KeyCommand) -> Result<KeyAnswer, ClientError> {
        let body = serde_json::to_vec(command)?;
        self.ask(Method::POST, "/keys", body.into()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, ClientError> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(ClientError::Socket)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "portpass")
            .header(CONTENT_TYPE, "application/json")
            .body(body)?;
        let response = sender.send_request(request).await?;
        let succeeded = response.status().is_success();
        let bytes = response.into_body().collect().await?.to_bytes();
        connection.abort();
        if succeeded {
            return Ok(serde_json::from_slice(&bytes)?);
        }
        let refusal: Refusal = serde_json::from_slice(&bytes)?;
        Err(ClientError::Refused(refusal.error))
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The running server could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The answer is not what a server of this version answers.
    #[error("the running server's answer cannot be read; is it of another version? {0}")]
    Answer(#[from] serde_json::Error),
    /// The conversation broke.
    #[error("the running server did not answer: {0}")]
    Http(#[from] hyper::Error),
    /// The server says why not.
    #[error("{0}")]
    Refused(String),
    /// The question cannot be put.
    #[error("the running server cannot be asked this: {0}")]
    Request(#[from] hyper::http::Error),
    /// The socket is there and closed to us.
    #[error("the admin socket cannot be used: {0}")]
    Socket(#[source] std::io::Error),
}
