//! Who asks too often, and who holds too much at once.
//!
//! How often is counted in `buckets`, how much at once in `shares`, and
//! `repeats` knows the `GET` that only repeats a `POST`. All of them are of
//! bounded size, so that no number of strangers costs more memory.

mod buckets;
mod repeats;
mod shares;

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use jiff::Timestamp;

use self::repeats::Repeats;
pub use self::repeats::Sent;
pub(crate) use self::{
    buckets::Buckets,
    shares::{Share, Shares},
};
use crate::{
    answer::Answer,
    identity::{Identity, Proof},
    portpass::TokenRequest,
    refused::{Limited, Refused},
};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// How often who may ask.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests of one identity, per minute.
    pub identity_per_minute: u32,
    /// Attempts of one address (`/64` of IPv6) that proved nobody, per minute.
    pub unproven_per_minute: u32,
}

/// What has been asked lately, and by whom.
#[derive(Debug)]
pub struct Limits {
    addresses: Buckets<IpAddr>,
    identities: Buckets<Identity>,
    nobodies: Buckets<IpAddr>,
    repeats: Repeats,
    sessions: Option<Buckets<Identity>>,
}

impl Limits {
    /// Limits with nothing counted yet; sessions are not limited.
    pub fn new(rates: Rates) -> Self {
        Self {
            addresses: Buckets::new(rates.unproven_per_minute, MINUTE),
            identities: Buckets::new(rates.identity_per_minute, MINUTE),
            nobodies: Buckets::new(rates.identity_per_minute, MINUTE),
            repeats: Repeats::default(),
            sessions: None,
        }
    }

    /// The same, with so many sessions that one identity may open in an hour.
    #[must_use]
    pub fn with_sessions_per_hour(self, sessions: u32) -> Self {
        Self {
            sessions: Some(Buckets::new(sessions, HOUR)),
            ..self
        }
    }

    /// Whether a request repeats one that was refused a moment ago, and so is
    /// counted already, by whatever limit.
    pub(crate) fn is_counted(&self, request: &TokenRequest<'_>, now: Timestamp) -> bool {
        self.repeats.is_repeated(request, now)
    }

    /// Notes a refusal that its client may repeat.
    pub(crate) fn note(
        &self,
        request: &TokenRequest<'_>,
        outcome: &Result<Answer, Refused>,
        now: Timestamp,
    ) {
        if outcome.as_ref().is_err_and(Refused::is_of_caller) {
            self.repeats.note(request, now);
        }
    }

    /// Counts a request of a proven caller.
    ///
    /// # Errors
    ///
    /// When there were too many, or it would open one session too many.
    pub(crate) fn admit_identity(&self, proof: &Proof, now: Timestamp) -> Result<(), Limited> {
        if proof.is_anonymous() {
            return Ok(());
        }
        if let Some(sessions) = &self.sessions
            && proof.evidence().opens_session()
        {
            sessions.admit(proof.identity(), now)?;
        }
        self.identities.take(proof.identity(), now)
    }

    /// Counts a session that was opened: what is refused opens none.
    pub(crate) fn count_session(&self, identity: &Identity, now: Timestamp) {
        if let Some(sessions) = &self.sessions {
            sessions.count(identity, now);
        }
    }

    /// Counts a request of nobody that only the provider can answer, by its address.
    ///
    /// # Errors
    ///
    /// When there were as many as an identity may make.
    pub(crate) fn admit_nobody(&self, address: IpAddr, now: Timestamp) -> Result<(), Limited> {
        self.nobodies.take(&host(address), now)
    }

    /// Counts a request of somebody whom the provider alone knows, by the subject
    /// of its token.
    ///
    /// # Errors
    ///
    /// When there were too many.
    pub(crate) fn admit_subject(&self, subject: &str, now: Timestamp) -> Result<(), Limited> {
        // No issuer has an empty name.
        self.identities.take(&Identity::stored("", subject), now)
    }

    /// Counts a credential that only the provider can judge against its address
    /// before it is tried: passwords can be guessed, and many at once must not all
    /// be tried before the first is counted. [`Limits::spare_guess`] takes it back.
    ///
    /// # Errors
    ///
    /// When the address has failed to prove anybody too often.
    pub(crate) fn admit_guess(&self, address: IpAddr, now: Timestamp) -> Result<(), Limited> {
        self.addresses.take(&host(address), now)
    }

    /// Takes back that a credential was counted, since it was no wrong guess.
    pub(crate) fn spare_guess(&self, address: IpAddr) {
        self.addresses.give_back(&host(address));
    }

    /// Counts a credential that was not accepted against its address, and
    /// answers it with [`Refused::LimitedAddress`] once there were too many.
    ///
    /// That goes for JWTs that have expired, too: one that leaked into a log
    /// must not be good for anything, not even for rows of events.
    ///
    /// Whoever proves who they are is never made to wait for what others do
    /// behind the same address: one bot with an old password must not lock out
    /// every job behind its gateway. Telling the two apart costs a signature
    /// check at most.
    pub(crate) fn charge(
        &self,
        outcome: Result<Answer, Refused>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Answer, Refused> {
        if outcome.as_ref().is_err_and(Refused::is_unproven) {
            self.count_unproven(address, now)?;
        }
        outcome
    }

    /// Counts something that was not accepted against its address.
    ///
    /// # Errors
    ///
    /// When there was too much.
    pub(crate) fn count_unproven(&self, address: IpAddr, now: Timestamp) -> Result<(), Limited> {
        let host = host(address);
        self.addresses.admit(&host, now)?;
        self.addresses.count(&host, now);
        Ok(())
    }
}

/// What one host can choose freely is not what tells hosts apart.
pub(crate) fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_an_ipv6_network_share_a_bucket() {
        let one = host("2001:db8::1".parse().unwrap());
        assert_eq!(one, host("2001:db8::2".parse().unwrap()));
        assert_ne!(one, host("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(
            host("::ffff:192.0.2.1".parse().unwrap()),
            host("192.0.2.1".parse().unwrap())
        );
    }
}
