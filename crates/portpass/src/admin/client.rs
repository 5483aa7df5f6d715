//! The command line's end of the admin socket.

use std::path::Path;

use serde::{Deserialize, de::DeserializeOwned};

use super::EventQuery;
use crate::{
    audit::Event,
    token::{KeyAnswer, KeyCommand},
};

/// The host in the URL means nothing: the socket is where the request goes.
const BASE: &str = "http://portpass";

/// A connection to a running server's admin socket.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client of the server behind a socket; `None` if none listens there.
    ///
    /// # Errors
    ///
    /// When there is a socket that we may not use.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        match tokio::net::UnixStream::connect(socket).await {
            Ok(_probe) => {}
            Err(error) => {
                return match error.kind() {
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => Ok(None),
                    _ => Err(ClientError::Socket(error)),
                };
            }
        }
        let http = reqwest::Client::builder()
            .unix_socket(socket.to_owned())
            .no_proxy()
            .build()?;
        Ok(Some(Self { http }))
    }

    /// The events that a query is for, oldest first.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or says why it cannot answer.
    pub async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, ClientError> {
        self.answer(self.http.get(format!("{BASE}/events")).query(query)).await
    }

    /// Has the server carry out a command on its keys.
    ///
    /// # Errors
    ///
    /// As [`Client::events`].
    pub async fn keys(&self, command: &KeyCommand) -> Result<KeyAnswer, ClientError> {
        self.answer(self.http.post(format!("{BASE}/keys")).json(command)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ClientError> {
        let response = request.send().await?;
        if response.status().is_success() {
            return Ok(response.json().await?);
        }
        let refusal: Refusal = response.json().await?;
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
    /// The conversation failed.
    #[error("the running server did not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// The server says why not.
    #[error("{0}")]
    Refused(String),
    /// The socket is there and closed to us.
    #[error("the admin socket cannot be used: {0}")]
    Socket(#[source] std::io::Error),
}
