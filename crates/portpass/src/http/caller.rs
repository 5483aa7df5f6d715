//! Who sends a request, and the way of what they ask.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{FromRequestParts, rejection::ExtensionRejection},
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, USER_AGENT},
        request::Parts,
    },
    response::Response,
};

use super::{Edge, Peer, answer, client_ip::client_ip, trace::RequestId};
use crate::{
    audit::{Origin, Recorded, Unrecorded},
    portpass::TokenRequest,
    refused::{Nonsense, Refused},
};

/// Everything beside the parameters that a request says of itself.
pub(super) struct Caller {
    pub(super) edge: Arc<Edge>,
    pub(super) headers: HeaderMap,
    pub(super) peer: Peer,
    pub(super) request_id: RequestId,
}

impl FromRequestParts<Arc<Edge>> for Caller {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        edge: &Arc<Edge>,
    ) -> Result<Self, Self::Rejection> {
        let Extension(peer) = Extension::from_request_parts(parts, edge).await?;
        let Extension(request_id) = Extension::from_request_parts(parts, edge).await?;
        Ok(Self {
            edge: Arc::clone(edge),
            // Nobody after us reads them.
            headers: std::mem::take(&mut parts.headers),
            peer,
            request_id,
        })
    }
}

impl Caller {
    /// Who sent the request.
    pub(super) fn origin(&self) -> Origin {
        let user_agent = self
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let address = client_ip(self.peer, &self.headers, &self.edge.trusted_proxies);
        Origin::new(address, Arc::clone(&self.request_id.0), user_agent)
    }

    /// The value of the `Authorization` header, if there is one.
    ///
    /// # Errors
    ///
    /// When there are several: a proxy before us may have looked at another one
    /// than we would (RFC 9110 §5.3).
    pub(super) fn authorization(&self) -> Result<Option<&[u8]>, Nonsense> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = values.next();
        if values.next().is_some() {
            let message = "the request has more than one Authorization header";
            return Err(Nonsense::Request(message.to_owned()));
        }
        Ok(value.map(HeaderValue::as_bytes))
    }

    /// Sends a request for a token on its way, whichever endpoint it came to.
    ///
    /// `issued_token_type` is what the answer says of its token, beside the rest.
    pub(super) async fn answer(
        &self,
        request: &TokenRequest<'_>,
        issued_token_type: Option<&'static str>,
    ) -> Response {
        let result = self.edge.portpass.answer(request).await;
        self.edge.metrics.count_answer(&result);
        let response = answer::render(&result, issued_token_type, &self.request_id);
        self.hold_back(&result).await;
        response
    }

    /// Lets whoever asked too often wait for their answer.
    pub(super) async fn hold_back(&self, result: &Result<Recorded, Unrecorded>) {
        let outcome = result.as_ref().map(Recorded::outcome);
        let is_limited = matches!(outcome, Ok(Err(refused)) if refused.is_limited());
        if is_limited && !self.edge.readiness.is_leaving() {
            self.edge.late.hold().await;
        }
    }

    /// Refuses a request for a token that could not be read.
    pub(super) async fn refuse(&self, nonsense: Nonsense) -> Response {
        let result = self.edge.portpass.refuse(nonsense, &self.origin()).await;
        self.edge.metrics.count_answer(&result);
        answer::render(&result, None, &self.request_id)
    }

    /// Refuses a request for something else than a token.
    pub(super) async fn refuse_other(&self, refused: Refused) -> Response {
        let result = self.edge.portpass.refuse(refused, &self.origin()).await;
        let response = answer::render(&result, None, &self.request_id);
        self.hold_back(&result).await;
        response
    }
}
