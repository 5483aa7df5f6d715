//! How the control API says that it cannot do what it was asked.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// An error, told to the test in full.
pub(crate) struct Refused(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, format!("{:#}\n", self.0)).into_response()
    }
}
