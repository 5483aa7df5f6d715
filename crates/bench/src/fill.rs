//! Fills a store with what a large installation has, through the library that the server uses.

use std::path::Path;

use anyhow::{Result, ensure};
use portpass::{
    clock::Clock,
    store::{Change, Conditions, DataDir, SessionRow, SessionUse, Store, Verdict},
};
use secrecy::SecretString;

use crate::rows::Rows;

/// How much a full store has of each.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Events, over the last weeks.
    pub events: u64,
    /// Identities; each owns a namespace.
    pub identities: u64,
    /// Sessions of the last hour; each has a refresh token.
    pub sessions: u64,
}

/// Rows of one transaction.
const BATCH: u64 = 2000;

/// Fills a data folder that no server uses, or the PostgreSQL of a URL.
pub fn fill(folder: &Path, database: Option<&str>, sizes: &Sizes) -> Result<()> {
    let database = database.map(SecretString::from);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let data_dir = DataDir::claim(folder)?;
            let store = Store::open(&data_dir, database.as_ref()).await?;
            let rows = Rows::new(sizes, Clock::System.now())?;
            for numbers in batches(sizes.identities) {
                settle(&store, numbers.map(|number| known(&rows, number))).await?;
            }
            for numbers in batches(sizes.sessions) {
                settle(&store, numbers.map(|number| session(&rows, number))).await?;
            }
            for numbers in batches(sizes.events) {
                let changes: Vec<_> = numbers
                    .map(|number| Change::from(rows.event(number)))
                    .collect();
                let mut transaction = store.begin().await?;
                transaction.write(&changes).await?;
                transaction.commit().await?;
            }
            store.close().await;
            Ok(())
        })
}

fn known(rows: &Rows, number: u64) -> Conditions {
    Conditions {
        identity: Some(rows.identity(number)),
        claims: vec![rows.namespace(number)],
        ..Conditions::default()
    }
}

fn session(rows: &Rows, number: u64) -> Conditions {
    let row = rows.session(number);
    Conditions {
        refresh_token: Some(rows.refresh_token(&row.login)),
        session: Some(opening(row)),
        ..Conditions::default()
    }
}

/// That a session is opened, as the first token of a JWT does.
pub fn opening(row: SessionRow) -> SessionUse {
    SessionUse {
        login: row.login.clone(),
        used_ms: row.last_used_ms,
        open: Some(Box::new(row)),
        networks: None,
        max_uses: None,
        opens_it: false,
        sealed: None,
    }
}

/// Makes these come true, in one transaction.
async fn settle(store: &Store, conditions: impl Iterator<Item = Conditions>) -> Result<()> {
    let conditions: Vec<_> = conditions.collect();
    let mut transaction = store.begin().await?;
    let verdicts = transaction
        .settle(&conditions.iter().collect::<Vec<_>>())
        .await?;
    let kept = |verdict: &Verdict| matches!(verdict, Verdict::Kept { .. });
    ensure!(verdicts.iter().all(kept), "the store is not empty");
    transaction.commit().await?;
    Ok(())
}

/// The numbers from 1 to `count`, as many at a time as a transaction takes.
fn batches(count: u64) -> impl Iterator<Item = std::ops::RangeInclusive<u64>> {
    (0..count.div_ceil(BATCH)).map(move |batch| {
        let first = batch * BATCH + 1;
        first..=(first + BATCH - 1).min(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_every_number_once() {
        for count in [0, 1, BATCH, BATCH + 1] {
            let numbers: Vec<_> = batches(count).flatten().collect();
            assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
        }
    }
}
