//! What an issuer's sessions are held to, beside their cap.

use std::num::NonZeroU32;

use super::RejectReason;
use crate::session::Session;

/// How freely the sessions of one issuer may be used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SessionLimits {
    /// Whether a JWT that has expired is accepted again within its session.
    pub(super) accept_jwt_again: bool,
    pub(super) max_uses: Option<NonZeroU32>,
    /// Only from the network that it was opened from.
    pub(super) same_network: bool,
}

impl SessionLimits {
    /// Whether the session itself must be known to judge a use of it.
    pub(super) fn are_any(&self) -> bool {
        self.max_uses.is_some() || self.same_network
    }

    /// Whether a session may be used once more, from this network.
    pub(super) fn check(&self, session: &Session, network: &str) -> Result<(), RejectReason> {
        let is_elsewhere = session
            .first_network()
            .is_some_and(|first| first != network);
        if self.same_network && is_elsewhere {
            return Err(RejectReason::OtherNetwork);
        }
        match self.max_uses {
            Some(max) if session.uses >= i64::from(max.get()) => Err(RejectReason::SessionUses),
            Some(_) | None => Ok(()),
        }
    }
}
