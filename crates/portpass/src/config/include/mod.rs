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

use self::entry::Entry;
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
    let mut seen: BTreeMap<PathBuf, Named> = main
        .canonicalize()
        .into_iter()
        .map(|real| (real, Named::main(main)))
        .collect();
    for (number, entry) in entries.iter().enumerate() {
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
                Seen::Occupied(named) => {
                    let named = named.get();
                    faults.extend(named.fault(&path, number, &entries));
                    named.file
                }
                Seen::Vacant(place) => {
                    let (file, fault) = sources.read(&path);
                    faults.extend(fault);
                    let by = Some(number);
                    place.insert(Named { file, path, by }).file
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

/// A file, by the name that was met first.
struct Named {
    file: usize,
    path: PathBuf,
    /// The number of the entry that named it; the main file has none.
    by: Option<usize>,
}

impl Named {
    fn main(path: &Path) -> Self {
        Self {
            file: 0,
            path: path.to_owned(),
            by: None,
        }
    }

    /// Refuses a second name of a file where it was found in a folder under a ceiling: whoever
    /// owns that folder could lay a link there, and so narrow the denies of somebody else's file.
    fn fault(&self, path: &Path, by: usize, entries: &[Entry]) -> Option<Fault> {
        let finds_under =
            |entry: &&Entry| entry.within.is_some() && entry.files.value.contains(['*', '?']);
        let first = self.by.filter(|first| *first != by && self.path != path)?;
        let both = [first, by].map(|number| entries.get(number));
        let entry = both.into_iter().flatten().find(finds_under)?;
        let message = format!(
            "{} and {} are one file, which this ceiling would narrow for both: remove the link, or \
             name it in an entry without a wildcard",
            self.path.display(),
            path.display(),
        );
        Some(Fault::new(entry.files.at, message))
    }
}
