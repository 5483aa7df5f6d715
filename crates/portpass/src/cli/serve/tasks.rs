//! What goes on beside the requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::portpass::Portpass;

/// The longest and the shortest time between two looks at our keys. The longest
/// is short because clocks jump (a machine that slept, a clock that was wrong):
/// a leaf may then have ended, or not have begun, long before it was to be looked at.
const KEYS_AT_LEAST_EVERY: Duration = Duration::from_secs(10);
const KEYS_AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// How long to wait after keys could not be renewed, on a full disk perhaps.
const KEYS_RETRY: SignedDuration = SignedDuration::from_secs(10);

/// How often it is said that the CA ends.
const WARN_EVERY: Duration = Duration::from_hours(1);

/// Rotates leaves when they are due, and warns of a CA that ends.
pub(super) async fn maintain_keys(portpass: Arc<Portpass>) {
    let mut warned: Option<Instant> = None;
    loop {
        let now = portpass.clock.now();
        let signer = Arc::clone(&portpass);
        let next = match tokio::task::spawn_blocking(move || signer.signer.maintain(now)).await {
            Ok(Ok(next)) => next,
            Ok(Err(error)) => {
                tracing::error!(error = %error, "Signing keys could not be renewed");
                now + KEYS_RETRY
            }
            Err(error) => {
                tracing::error!(error = %error, "Renewing signing keys ended badly");
                now + KEYS_RETRY
            }
        };
        if let Some(warning) = portpass.signer.authority_expiry(now).warning
            && warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY)
        {
            tracing::warn!("{warning}");
            warned = Some(Instant::now());
        }
        sleep(until(next, now)).await;
    }
}

fn until(next: Timestamp, now: Timestamp) -> Duration {
    let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
    wait.clamp(KEYS_AT_MOST_EVERY, KEYS_AT_LEAST_EVERY)
}

/// How often we look whether keys of issuers are due.
const ISSUERS_EVERY: Duration = Duration::from_secs(2);

/// Fetches the keys of issuers ahead of need.
///
/// Each look is a task of its own, so that an issuer that does not answer
/// delays nobody; it ends by itself, since every fetch does.
pub(super) async fn refresh_issuers(portpass: Arc<Portpass>) {
    loop {
        let snapshot = portpass.snapshot.load_full();
        let now = portpass.clock.now();
        tokio::spawn(async move { snapshot.directory.refresh_due(now).await });
        sleep(ISSUERS_EVERY).await;
    }
}

/// Hears of what other replicas change.
pub(super) async fn follow_replicas(portpass: Arc<Portpass>) {
    portpass.standing.follow().await;
}

/// How often we look whether platforms have withdrawn keys.
const WITHDRAWN_EVERY: Duration = Duration::from_secs(1);

/// Ends the logins of keys that their platform withdrew, and then only lets
/// the sets without them be kept: a crash in between loses none.
pub(super) async fn end_withdrawn(portpass: Arc<Portpass>) {
    loop {
        let snapshot = portpass.snapshot.load_full();
        let withdrawn = snapshot.directory.withdrawn();
        if !withdrawn.is_empty() {
            let now = portpass.clock.now();
            match portpass.standing.withdraw(&withdrawn, now).await {
                Ok(()) => snapshot.directory.forget_withdrawn(&withdrawn).await,
                Err(error) => tracing::error!(
                    error = %error,
                    "Logins of withdrawn keys were not ended; it is tried again"
                ),
            }
        }
        sleep(WITHDRAWN_EVERY).await;
    }
}
