//! The admin API over TCP: for the holders of a token alone.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Request, header::AUTHORIZATION},
    middleware::{self, Next},
    response::Response,
};

use super::{actor::Actor, failure::Failure, host::Admin, routes::router};
use crate::{
    config::SecretText,
    http::Peer,
    limits::{Buckets, host},
    metrics::Metrics,
};

/// How many wrong tokens of one address are looked at per minute.
const FAILURES_PER_MINUTE: u32 = 10;

/// Who may enter, and who has tried too often.
#[derive(Debug)]
struct Door {
    /// The SHA-256 of each token, with its holder.
    tokens: Vec<(digest::Digest, Actor)>,
    failures: Buckets<IpAddr>,
    metrics: Arc<Metrics>,
    admin: Admin,
}

/// The admin API for callers who present one of some tokens (RFC 6750 §2.1).
pub fn protected(
    admin: Admin,
    tokens: &BTreeMap<String, SecretText>,
    metrics: Arc<Metrics>,
) -> Router {
    let tokens = tokens.iter().map(|(name, secret)| {
        let digest = digest::digest(&digest::SHA256, secret.expose().as_bytes());
        (digest, Actor::token(name))
    });
    let door = Door {
        tokens: tokens.collect(),
        failures: Buckets::new(FAILURES_PER_MINUTE, Duration::from_mins(1)),
        metrics,
        admin: admin.clone(),
    };
    router(admin).layer(middleware::from_fn_with_state(Arc::new(door), check))
}

async fn check(
    State(door): State<Arc<Door>>,
    mut request: Request<Body>,
    next: Next,
) -> Result<Response, Failure> {
    match door.actor(&request) {
        Some(actor) => {
            request.extensions_mut().insert(actor);
            Ok(next.run(request).await)
        }
        None => Err(door.refuse(&request)),
    }
}

impl Door {
    /// The holder of the token that a request presents.
    ///
    /// Digests are compared, all of them, so that the time tells nothing.
    fn actor(&self, request: &Request<Body>) -> Option<Actor> {
        let header = request.headers().get(AUTHORIZATION)?.as_bytes();
        let (scheme, token) = header.split_at_checked(b"Bearer ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return None;
        }
        let presented = digest::digest(&digest::SHA256, token.trim_ascii());
        self.tokens.iter().fold(
            None,
            |found, (digest, actor)| match verify_slices_are_equal(
                digest.as_ref(),
                presented.as_ref(),
            ) {
                Ok(()) => Some(actor.clone()),
                Err(_different) => found,
            },
        )
    }

    /// Counts a failure. Whoever has a token is never made to wait for what
    /// others do behind the same address.
    fn refuse(&self, request: &Request<Body>) -> Failure {
        let peer = request.extensions().get::<Peer>();
        let address = host(peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0));
        let now = self.admin.host.now();
        self.metrics.count_admin_failure();
        if let Err(limited) = self.failures.admit(&address, now) {
            return Failure::TooMany {
                seconds: limited.seconds,
            };
        }
        self.failures.count(&address, now);
        tracing::warn!(request.address = %address, "The admin API was asked without a token that is known");
        Failure::Stranger("the admin API needs `Authorization: Bearer` with one of [admin] tokens")
    }
}
