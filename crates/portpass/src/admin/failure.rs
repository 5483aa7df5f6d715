//! Why an operator's request failed: operators may read all of it.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::store::StoreError;

/// Why an operator's request failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something of ours failed.
    #[error("{0:#}")]
    Broken(anyhow::Error),
    /// The request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// It can be read, and not done.
    #[error("{0}")]
    Refused(String),
    /// Whoever asks is no operator.
    #[error("{0}")]
    Stranger(&'static str),
    /// Too many who were no operators asked from there.
    #[error("too many attempts without a token that is known; try again in {seconds} s")]
    TooMany {
        /// When to try again.
        seconds: u64,
    },
    /// There is nothing like it.
    #[error("{0}")]
    Unknown(String),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Broken(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Stranger(_) => StatusCode::UNAUTHORIZED,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.to_string() }));
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Stranger(_) => {
                let challenge = axum::http::HeaderValue::from_static("Bearer");
                headers.insert(axum::http::header::WWW_AUTHENTICATE, challenge);
            }
            Self::TooMany { seconds } => {
                headers.insert(axum::http::header::RETRY_AFTER, seconds.into());
            }
            Self::Broken(error) => {
                tracing::error!(error = format!("{error:#}"), "An operator's request failed");
            }
            Self::Malformed(_) | Self::Refused(_) | Self::Unknown(_) => {}
        }
        response
    }
}
