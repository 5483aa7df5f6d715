//! Faults of the world around a server, and what holds afterwards: no token without its record,
//! recovery without a restart, and the reason where people look.

mod clock;
mod database;
mod first_start;
mod issuers;
mod keys;
mod killed;
mod log;
mod reloads;
mod sockets;
mod space;

use std::{collections::HashSet, path::Path};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::Response,
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, jwt_part},
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use crate::until;

pub(crate) fn trials() -> Vec<Trial> {
    [
        clock::trials(),
        database::trials(),
        first_start::trials(),
        issuers::trials(),
        keys::trials(),
        killed::trials(),
        log::trials(),
        reloads::trials(),
        sockets::trials(),
        space::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const SCOPE: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];

fn draft(issuer: &Issuer) -> Result<Draft> {
    Draft::new(&tables(issuer, Kind::V28, OWN_NAMESPACE)?)
}

/// What clients were given: the ids of their tokens, each of which has to be in the events.
#[derive(Debug, Default)]
struct Held(HashSet<String>);

impl Held {
    /// Asks as one build's first request, and keeps what is given.
    fn ask(&mut self, portpass: &Portpass, issuer: &Issuer) -> Result<Response> {
        let jwt = issuer.jwt("github", SERVICE)?;
        self.take(portpass.token(SERVICE, &SCOPE, &jwt)?)
    }

    /// Keeps what an answer gave, if it gave anything.
    fn take(&mut self, answer: Response) -> Result<Response> {
        if answer.status == 200 {
            let claims = jwt_part(&access_token(&answer)?, 1)?;
            let id = claims.get("jti").and_then(|id| id.as_str());
            let is_new = self.0.insert(id.context("no jti")?.to_owned());
            ensure!(is_new, "two tokens of one id");
        }
        Ok(answer)
    }

    /// Every token that was given is in the events.
    fn is_recorded(&self, portpass: &Portpass) -> Result<()> {
        let events = serde_json::to_string(&portpass.events()?)?;
        self.is_in(&events)
    }

    /// Every token that was given is in this text.
    fn is_in(&self, events: &str) -> Result<()> {
        let lost: Vec<_> = self.0.iter().filter(|id| !events.contains(*id)).collect();
        let (lost_count, count) = (lost.len(), self.0.len());
        ensure!(lost.is_empty(), "{lost_count} of {count} lost: {lost:?}");
        Ok(())
    }
}

/// An answer is a 503 that clients understand, and gives nothing away.
fn is_unavailable(answer: &Response) -> Result<()> {
    let text = answer.text();
    ensure!(answer.status == 503, "{} {text}", answer.status);
    ensure!(
        text.contains("UNAVAILABLE") && text.contains("temporarily_unavailable"),
        "{text}"
    );
    ensure!(answer.header("retry-after").is_some(), "no Retry-After");
    Ok(())
}

/// An answer is a token.
fn is_given(answer: &Response) -> Result<()> {
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    Ok(())
}

/// No page of a database is damaged, and no row of an index is missing.
fn is_intact(database: &Path) -> Result<()> {
    use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
    let found: String = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let options = SqliteConnectOptions::new().filename(database);
            let mut connection = options.read_only(true).connect().await?;
            let found = sqlx::query_scalar("PRAGMA integrity_check")
                .fetch_one(&mut connection)
                .await?;
            connection.close().await?;
            anyhow::Ok(found)
        })?;
    ensure!(found == "ok", "{}: {found}", database.display());
    Ok(())
}

/// All files under a folder, by their paths in it.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Nothing lies in a data folder that a kill left there: no draft of any file.
fn is_tidy(data: &Path) -> Result<()> {
    // A draft may be there for a moment, while it is written.
    until("there are no drafts", || {
        let left = files(data)?;
        let is_draft = |name: &String| {
            let extension = Path::new(name).extension();
            extension.is_some_and(|extension| extension == "new" || extension == "part")
        };
        Ok(!left.iter().any(is_draft))
    })
    .with_context(|| format!("{:?}", files(data)))
}
