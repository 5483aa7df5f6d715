//! Noticing that the files have changed.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{self, Digest};

use super::{include, read::folder_of, sources::Sources};

/// What the files looked like: the digest of each, and which there were.
/// Nothing at all, where there is no file.
#[derive(Clone, Default)]
pub struct Footprint {
    main: Option<PathBuf>,
    patterns: Vec<String>,
    referenced: Vec<PathBuf>,
    /// A file that cannot be read has no digest.
    seen: BTreeMap<PathBuf, Option<Digest>>,
}

impl Footprint {
    /// The files as they were when the configuration was read from them.
    pub(super) fn new(
        main: &Path,
        patterns: Vec<String>,
        referenced: &BTreeMap<PathBuf, Digest>,
        sources: &Sources,
    ) -> Self {
        let read = sources.texts().map(|(_, path, text)| {
            let digest = digest::digest(&digest::SHA256, text.as_bytes());
            (path.to_owned(), digest)
        });
        Self {
            main: Some(main.to_owned()),
            patterns,
            referenced: referenced.keys().cloned().collect(),
            seen: read
                .chain(
                    referenced
                        .iter()
                        .map(|(path, digest)| (path.clone(), *digest)),
                )
                .map(|(path, digest)| (path, Some(digest)))
                .collect(),
        }
    }

    /// The same files as they are now, and those that have come since.
    fn now(&self) -> BTreeMap<PathBuf, Option<Digest>> {
        let Some(main) = &self.main else {
            return BTreeMap::new();
        };
        let folder = folder_of(main);
        let included = self
            .patterns
            .iter()
            .flat_map(|pattern| include::expand(pattern, folder).unwrap_or_default());
        let mut files = vec![main.clone()];
        // What is included twice under two names was read once.
        let mut real: Vec<PathBuf> = main.canonicalize().into_iter().collect();
        for path in included {
            match path.canonicalize() {
                Ok(target) if real.contains(&target) => {}
                Ok(target) => {
                    real.push(target);
                    files.push(path);
                }
                Err(_) => files.push(path),
            }
        }
        files.extend(self.referenced.iter().cloned());
        files
            .into_iter()
            .map(|path| {
                let digest = std::fs::read(&path)
                    .ok()
                    .map(|bytes| digest::digest(&digest::SHA256, &bytes));
                (path, digest)
            })
            .collect()
    }
}

impl fmt::Debug for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Footprint")
            .field("main", &self.main)
            .field("files", &self.seen.len())
            .finish_non_exhaustive()
    }
}

/// The files that are no longer what they were: changed, new or gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// Sorted.
    pub files: Vec<PathBuf>,
}

/// Watches the files of a configuration, one look at a time.
///
/// Each look reads the files: they are few and small, and only their content
/// tells a rewrite within one tick of the file system's clock, or a link that
/// was turned to other files of the same age and size, as Kubernetes does.
#[derive(Debug)]
pub struct Watch {
    known: Footprint,
    /// What the last look saw, if it was not what is known.
    last: Option<BTreeMap<PathBuf, Option<Digest>>>,
}

impl Watch {
    /// Watches the files of a configuration that runs.
    pub fn new(running: Footprint) -> Self {
        Self {
            known: running,
            last: None,
        }
    }

    /// Looks once; call it about every second.
    ///
    /// Reports a change when two looks running saw the same, so that a file
    /// is not read while it is being written; and each change once.
    pub fn look(&mut self) -> Option<Changed> {
        let now = self.known.now();
        if same(&now, &self.known.seen) {
            self.last = None;
            return None;
        }
        if !self.last.as_ref().is_some_and(|last| same(last, &now)) {
            self.last = Some(now);
            return None;
        }
        self.last = None;
        let before = std::mem::replace(&mut self.known.seen, now);
        let now = &self.known.seen;
        let mut files: Vec<PathBuf> = before
            .keys()
            .chain(now.keys())
            .filter(|path| !equal(before.get(*path), now.get(*path)))
            .cloned()
            .collect();
        files.sort();
        files.dedup();
        Some(Changed { files })
    }
}

fn same(a: &BTreeMap<PathBuf, Option<Digest>>, b: &BTreeMap<PathBuf, Option<Digest>>) -> bool {
    a.len() == b.len() && a.keys().all(|path| equal(a.get(path), b.get(path)))
}

fn equal(a: Option<&Option<Digest>>, b: Option<&Option<Digest>>) -> bool {
    let bytes = |digest: Option<&Option<Digest>>| {
        digest.map(|digest| digest.as_ref().map(|digest| digest.as_ref().to_vec()))
    };
    bytes(a) == bytes(b)
}

#[cfg(test)]
mod tests;
