//! What is resident of the server after very many tokens of very many identities.

use anyhow::{Context as _, Result};
use bench::{load::Load, process::Memory, progress, requests::present, signer::Signer};
use portpass::clock::Clock;

use crate::{
    Arguments,
    place::{Database, Place},
};

/// How often it is looked at.
const LOOKS: usize = 4;

/// On PostgreSQL, one of so many tokens is asked for: most of the time goes into its commits.
const POSTGRES_SHARE: usize = 5;

/// What is resident after so many tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Tokens so far.
    pub(crate) tokens: usize,
    /// What is resident.
    pub(crate) memory: Memory,
}

/// Asks for tokens with new JWTs, each repository in turn, and looks at the server now and then.
pub(crate) fn looks(
    place: &Place,
    database: &Database,
    arguments: &Arguments,
) -> Result<Vec<Look>> {
    let tokens = match database {
        Database::Postgres { .. } => arguments.tokens / POSTGRES_SHARE,
        Database::Sqlite => arguments.tokens,
    };
    let mut signer = Signer::new(Clock::System.now())?;
    let data = place.data("memory", database)?;
    place.cores.gather()?;
    let (server, _) = place.portpass(&data, &signer.settings()?)?;
    let mut ids = (1..=arguments.identities).cycle();
    let mut next = || {
        let id = ids.next().context("there are identities")?;
        Ok(present(&signer.sign(id)?, false))
    };
    let mut looks = Vec::new();
    let mut sent = 0;
    for look in 1..=LOOKS {
        let until = tokens * look / LOOKS;
        Load::open(server.port(), arguments.connections)?.closed(until - sent, &mut next)?;
        sent = until;
        let memory = server.memory()?;
        progress(&format!("{sent} tokens: {} KiB resident", memory.now_kib));
        looks.push(Look {
            tokens: sent,
            memory,
        });
    }
    server.stop()?;
    Ok(looks)
}
