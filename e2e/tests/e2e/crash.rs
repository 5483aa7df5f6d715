//! Power is cut in the middle of a burst: every token that a client got is in the events.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::{Draft, access_token, jwt_part, token_path},
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use crate::joined;

const CLIENTS: usize = 16;
const ROUNDS: usize = 3;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial!(
        every_token_that_a_client_got_is_recorded_after_kill_9
    )]
}

fn every_token_that_a_client_got_is_recorded_after_kill_9() -> Result<()> {
    let issuer = Issuer::start()?;
    let mut portpass = Draft::new(&tables(&issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()?;
    let port = portpass.draft.port;
    let mut held = HashSet::new();
    for round in 1..=ROUNDS {
        let credential = Credential::Basic("JWT".to_owned(), issuer.jwt("github", SERVICE)?);
        let path = token_path(SERVICE, &["repository:apps/github/acme/web:pull,push"]);
        let count = AtomicUsize::new(0);
        let got = thread::scope(|scope| -> Result<Vec<String>> {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut tokens = Vec::new();
                        // Until the server is gone, in whatever state it left this request.
                        while let Ok(answer) = http::get(port, &path, &credential) {
                            let Ok(token) = access_token(&answer) else {
                                break;
                            };
                            tokens.push(token);
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        tokens
                    })
                })
                .collect();
            // Not at the same place in each round.
            while count.load(Ordering::Relaxed) < round * 5 * CLIENTS
                && !clients.iter().all(thread::ScopedJoinHandle::is_finished)
            {
                thread::sleep(Duration::from_millis(1));
            }
            portpass.server.signal("KILL")?;
            let mut got = Vec::new();
            for client in clients {
                got.extend(joined(client));
            }
            Ok(got)
        })?;
        portpass.server.wait()?;
        ensure!(got.len() >= CLIENTS, "no burst: {} tokens", got.len());
        for token in &got {
            let claims = jwt_part(token, 1)?;
            let id = claims
                .get("jti")
                .and_then(|id| id.as_str())
                .context("no jti")?;
            ensure!(held.insert(id.to_owned()), "two tokens of one id");
        }
        portpass.restart()?;
    }

    let events = serde_json::to_string(&portpass.events()?)?;
    let lost: Vec<_> = held.iter().filter(|id| !events.contains(*id)).collect();
    ensure!(
        lost.is_empty(),
        "{} of {} tokens have no event",
        lost.len(),
        held.len()
    );
    Ok(())
}
