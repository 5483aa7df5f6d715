//! How long the server takes from its start until it is ready, with many identities in its store.

use std::time::Duration;

use anyhow::Result;
use bench::fill::{self, Sizes};

use crate::{
    Arguments,
    place::{Database, Place},
};

/// How often it is started: the first time it makes its keys, and the disk is cold.
const STARTS: usize = 7;

/// How long each start took, until `/readyz` said 200.
pub(crate) fn starts(
    place: &Place,
    database: &Database,
    arguments: &Arguments,
    settings: &str,
) -> Result<Vec<Duration>> {
    let sizes = Sizes {
        events: 0,
        identities: arguments.identities,
        sessions: 0,
    };
    let data = place.data("startup", database)?;
    fill::fill(&data.folder, data.url.as_deref(), &sizes)?;
    place.cores.gather()?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let (server, took) = place.portpass(&data, settings)?;
        starts.push(took);
        server.stop()?;
    }
    Ok(starts)
}
