//! `include`: which files there are besides the main one, and what bounds them.
//!
//! A file lies under the ceilings of every entry that names it, and under its own.

mod ceilings;
mod entry;
mod expand;

use std::{
    collections::{BTreeMap, btree_map::Entry as Seen},
    path::{Path, PathBuf},
};

pub(super) use self::{
    ceilings::Ceilings,
    entry::{EntrySection, WithinSection},
    expand::expand,
};
use super::{Fault, read::folder_of, sources::Sources, tree};

/// Reads the files that the main one includes, each once; gives the entries' patterns, and what
/// they impose.
pub(super) fn read(
    main: &Path,
    sources: &mut Sources,
    faults: &mut Vec<Fault>,
) -> (Vec<String>, Ceilings) {
    let mut ceilings = Ceilings::default();
    let entries = sources
        .texts()
        .next()
        .and_then(|(file, _, text)| tree::parse(text, file).ok())
        .map(|root| entry::take(root, faults))
        .unwrap_or_default();
    let mut seen: BTreeMap<PathBuf, usize> = main
        .canonicalize()
        .into_iter()
        .map(|main| (main, 0))
        .collect();
    for entry in &entries {
        let at = entry.files.at;
        let found = expand(&entry.files.value, folder_of(main));
        let paths = found.unwrap_or_else(|message| {
            faults.push(Fault::new(at, message));
            Vec::new()
        });
        for path in paths {
            let real = match path.canonicalize() {
                Ok(real) => real,
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", path.display());
                    faults.push(Fault::new(at, message));
                    continue;
                }
            };
            let file = match seen.entry(real) {
                Seen::Occupied(file) => *file.get(),
                Seen::Vacant(place) => {
                    let (file, fault) = sources.read(&path);
                    faults.extend(fault);
                    *place.insert(file)
                }
            };
            if let Some(within) = &entry.within {
                faults.extend(ceilings.impose(file, within));
            }
        }
    }
    let patterns = entries.into_iter().map(|entry| entry.files.value);
    (patterns.collect(), ceilings)
}
