//! From the tree to typed sections: every fault, each at the wrong word.

use std::{
    collections::BTreeMap,
    io::Read as _,
    ops::Range,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{Fault, Located, Place, cut, later::Partial, sources::Sources, suggest, words};

/// The tree while sections are taken from it, and the faults found so far.
pub(super) struct Reading<'a> {
    pub(super) sources: &'a Sources,
    pub(super) faults: Vec<Fault>,
    /// The files that the configuration names, with the digests of what was in them.
    pub(super) referenced: BTreeMap<PathBuf, digest::Digest>,
    /// The tables that were taken of named sections, `rule.NAME`, and where.
    pub(super) tables: BTreeMap<String, Place>,
    root: DeTable<'a>,
    /// The tables that lack what was refused before.
    partial: Partial,
}

/// One table of a named section.
pub(super) struct Named<T> {
    pub(super) name: String,
    /// The name in the table's header.
    pub(super) at: Place,
    /// What it says; nothing if it is faulty.
    pub(super) value: Option<T>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        sources: &'a Sources,
        root: DeTable<'a>,
        partial: Partial,
        faults: Vec<Fault>,
    ) -> Self {
        Self {
            sources,
            faults,
            referenced: BTreeMap::new(),
            tables: BTreeMap::new(),
            root,
            partial,
        }
    }

    /// Notes that something is wrong.
    pub(super) fn fault(&mut self, at: Place, message: impl Into<String>) {
        self.faults.push(Fault::new(at, message));
    }

    /// Takes a section or a value that may be missing.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let (key, value) = self.root.remove_entry(key)?;
        self.typed(&key, value, true)
    }

    /// Takes a section, or what stands for it if it is missing.
    pub(super) fn section<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        self.optional(key).unwrap_or_default()
    }

    /// Takes all tables of a named section.
    pub(super) fn named<T: DeserializeOwned>(&mut self, section: &str) -> Vec<Named<T>> {
        let Some((key, value)) = self.root.remove_entry(section) else {
            return Vec::new();
        };
        let at = Place::of_span(&key.span());
        let DeValue::Table(tables) = value.into_inner() else {
            self.fault(
                at,
                format!("write `{section}` as tables with names: `[{section}.NAME]`"),
            );
            return Vec::new();
        };
        tables
            .into_iter()
            .map(|(key, value)| {
                let name = key.get_ref().to_string();
                let at = Place::of_span(&key.span());
                self.tables
                    .insert(format!("{section}.{}", key.get_ref()), at);
                let is_whole = !self.partial.contains(&(section.to_owned(), name.clone()));
                Named {
                    at,
                    value: self.typed(&key, value, is_whole),
                    name,
                }
            })
            .collect()
    }

    /// Refuses whatever no section has taken.
    pub(super) fn refuse_rest<'k>(&mut self, known: &(impl Iterator<Item = &'k str> + Clone)) {
        for (key, _) in std::mem::take(&mut self.root) {
            let at = Place::of_span(&key.span());
            let hint = suggest::instead(key.get_ref(), known.clone());
            self.fault(at, format!("unknown key `{}`{hint}", key.get_ref()));
        }
    }

    /// The path of a file that the configuration names, which must be there.
    pub(super) fn file(&mut self, path: &Located<String>) -> PathBuf {
        let resolved = self.sources.resolve(path.at, &path.value);
        match std::fs::read(&resolved) {
            Ok(bytes) => {
                let digest = digest::digest(&digest::SHA256, &bytes);
                self.referenced.insert(resolved.clone(), digest);
            }
            Err(error) => {
                let message = format!("{} cannot be read: {error}", resolved.display());
                self.fault(path.at, message);
            }
        }
        resolved
    }

    /// The text of a file that the configuration names, without the newline at
    /// its end.
    pub(super) fn text(&mut self, path: &Located<String>, max_bytes: u64) -> Option<String> {
        let resolved = self.sources.resolve(path.at, &path.value);
        let mut text = String::new();
        let read = std::fs::File::open(&resolved)
            .and_then(|file| file.take(max_bytes + 1).read_to_string(&mut text));
        let message = match read {
            Ok(_) if text.len() as u64 <= max_bytes => {
                let digest = digest::digest(&digest::SHA256, text.as_bytes());
                self.referenced.insert(resolved, digest);
                let end = text
                    .strip_suffix('\n')
                    .map(|line| line.strip_suffix('\r').unwrap_or(line));
                return Some(end.unwrap_or(&text).to_owned());
            }
            Ok(_) => format!("{} is larger than {max_bytes} bytes", resolved.display()),
            Err(error) => format!("{} cannot be read: {error}", resolved.display()),
        };
        self.fault(path.at, message);
        None
    }

    /// The path of a file that is read at each use, and must be there.
    pub(super) fn unwatched_file(&mut self, path: &Located<String>) -> PathBuf {
        let resolved = self.sources.resolve(path.at, &path.value);
        if let Err(error) = std::fs::File::open(&resolved) {
            let message = format!("{} cannot be read: {error}", resolved.display());
            self.fault(path.at, message);
        }
        resolved
    }

    /// A path that need not be there yet.
    pub(super) fn path(&self, path: &Located<String>) -> PathBuf {
        self.sources.resolve(path.at, &path.value)
    }

    /// Reads one value. A faulty part is noted and cut out, and the rest read
    /// again, until nothing new is found. What is not whole to begin with is
    /// not told what it misses.
    fn typed<T: DeserializeOwned>(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        mut value: Spanned<DeValue<'_>>,
        is_whole: bool,
    ) -> Option<T> {
        let mut gone = Vec::new();
        loop {
            let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(typed) if gone.is_empty() => return Some(typed),
                Ok(_) => return None,
                Err(error) => error,
            };
            let span: Range<usize> = error.span().unwrap_or_else(|| key.span());
            if let Some(missing) = words::missing_field(error.message()) {
                if is_whole && !gone.iter().any(|field| field == missing) {
                    let message = format!("`{missing}` is missing");
                    self.fault(Place::of_span(&key.span()), message);
                }
                return None;
            }
            let said = words::translate(error.message());
            self.fault(Place::of_span(&span), said.message);
            gone.extend(said.meant);
            match cut::out(&mut value, &span) {
                Some(field) => gone.push(field),
                None => return None,
            }
        }
    }
}

/// The folder of a file, as a relative path begins there.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
