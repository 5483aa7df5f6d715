//! An outcome whose event is on the disk, and what came true with it.

use std::sync::Arc;

use crate::{
    answer::Answer, credential::Secret, refused::Refused, session::Session, short_id::ShortId,
};

/// An outcome whose event is on the disk. Only
/// [`Journal::record`](super::Journal::record) makes one.
#[derive(Debug)]
pub struct Recorded {
    pub(super) outcome: Result<Answer, Refused>,
    pub(super) has_refresh_token: bool,
    pub(super) session: Option<SessionNow>,
    pub(super) network_changed: bool,
}

/// The session of a token, as the commit left it.
#[derive(Clone, Debug)]
pub enum SessionNow {
    /// It was stored before, unknown to this process: the store knows more of it.
    Elsewhere(ShortId),
    /// It was opened by this token.
    Opened(Arc<Session>),
    /// It was known, and is used once more.
    Used(Arc<Session>),
}

impl Recorded {
    /// What may now be answered.
    pub fn outcome(&self) -> &Result<Answer, Refused> {
        &self.outcome
    }

    /// The refresh token to be answered, if it was stored: a session has only
    /// so many.
    pub fn refresh_token(&self) -> Option<&Secret> {
        let token = self.outcome.as_ref().ok()?.signed()?;
        token.refresh_token().filter(|_| self.has_refresh_token)
    }

    /// The session that the token was of.
    pub fn session(&self) -> Option<&SessionNow> {
        self.session.as_ref()
    }

    /// Whether the session was used from a network that it was not used from before.
    pub fn network_changed(&self) -> bool {
        self.network_changed
    }
}
