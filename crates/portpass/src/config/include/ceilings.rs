//! The ceilings over included files, and what such files may hold.
//!
//! Whoever owns a file under a ceiling decides within it and nowhere else: so the file holds
//! no settings of the server, and nothing that a file of somebody else would name.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::entry;
use crate::{
    config::{Fault, Located, Place, file, read::Reading, sources::Sources},
    decision::{RuleSource, When, Within},
};

/// What a file under a ceiling may hold.
const SECTIONS: [&str; 6] = ["deny", "group", "images", "match", "rule", "test"];

/// The sections of which a file under a ceiling names its own tables, and no other file does.
const PRIVATE: [&str; 2] = ["group", "match"];

/// The ceilings, by the numbers of the files under them.
#[derive(Default)]
pub(in crate::config) struct Ceilings {
    over: BTreeMap<usize, Within>,
    open: Within,
    /// The file of each private table, by section and name.
    private: BTreeMap<(&'static str, String), usize>,
}

impl Ceilings {
    /// The ceiling over a file; open where there is none.
    pub(in crate::config) fn over(&self, file: usize) -> &Within {
        self.over.get(&file).unwrap_or(&self.open)
    }

    /// Puts a file under one more ceiling.
    pub(super) fn impose(&mut self, file: usize, within: &Located<Within>) -> Option<Fault> {
        if file == 0 {
            let message = "this entry names the main file itself, over which there is no \
                           ceiling: keep what has one in a folder of its own";
            return Some(Fault::new(within.at, message));
        }
        let over = self.over.entry(file).or_default();
        let fault = (!over.meets(&within.value)).then(|| {
            let message = format!(
                "no repository lies within both this and {over}, which is a ceiling of the file \
                 already: make them meet, or remove one"
            );
            Fault::new(within.at, message)
        });
        over.and(within.value.clone());
        fault
    }

    /// Takes the ceiling that a file states itself, and refuses what no file under a ceiling may
    /// hold.
    pub(in crate::config) fn bind(
        &mut self,
        tree: &mut DeTable<'_>,
        file: usize,
        faults: &mut Vec<Fault>,
    ) {
        if let Some((key, value)) = tree.remove_entry("within") {
            if file == 0 {
                let message = "the main file has no ceiling: say `within` in an included file, or \
                               in an entry of `include`";
                faults.push(Fault::new(Place::of_span(&key.span()), message));
            } else if let Some(within) = entry::within(value, faults) {
                faults.extend(self.impose(file, &within));
            }
        }
        if self.over(file).is_open() {
            return;
        }
        let known = file::keys();
        let refused = |key: &str| !SECTIONS.contains(&key) && known.iter().any(|one| one == key);
        for (key, value) in std::mem::take(tree) {
            if refused(key.get_ref()) {
                let message = format!(
                    "`{}` cannot stand in a file under a ceiling, which holds `{}` only: move it \
                     into a file without `within`",
                    key.get_ref(),
                    SECTIONS.join("`, `"),
                );
                faults.push(Fault::new(Place::of_span(&key.span()), message));
            } else {
                tree.insert(key, value);
            }
        }
        for section in PRIVATE {
            let tables = tree.get(section).map(Spanned::get_ref);
            let Some(DeValue::Table(tables)) = tables else {
                continue;
            };
            for (name, _) in tables {
                let name = name.get_ref().to_string();
                self.private.entry((section, name)).or_insert(file);
            }
        }
    }

    /// Refuses a name of `[images]` that does not lie under the ceiling of its file.
    pub(in crate::config) fn check_image(&self, reading: &mut Reading<'_>, name: &Located<String>) {
        let within = self.over(name.at.file);
        if !within.allows(&name.value) {
            let message = format!(
                "`{}` does not lie within {within}, which is the ceiling of this file: move the \
                 row into a file without this ceiling",
                name.value.escape_debug()
            );
            reading.fault(name.at, message);
        }
    }

    /// Refuses what rules and matches name of another file that lies under a ceiling.
    pub(in crate::config) fn check_names<'s>(
        &self,
        reading: &mut Reading<'_>,
        rules: impl Iterator<Item = &'s RuleSource>,
        matches: impl Iterator<Item = &'s Located<When>>,
    ) {
        for rule in rules {
            if let Some(group) = &rule.group {
                self.check_name(reading, "group", &group.value, group.at);
            }
            if let Some(when) = &rule.when {
                self.check_matches(reading, &when.value);
            }
        }
        for when in matches {
            self.check_matches(reading, &when.value);
        }
    }

    fn check_matches(&self, reading: &mut Reading<'_>, when: &When) {
        for name in when.matches() {
            let at = Place::of_span(&name.span());
            self.check_name(reading, "match", name.get_ref(), at);
        }
    }

    fn check_name(&self, reading: &mut Reading<'_>, section: &'static str, name: &str, at: Place) {
        let file = self.private.get(&(section, name.to_owned()));
        if let Some(file) = file.filter(|file| **file != at.file) {
            let theirs = shown(reading.sources, *file);
            let message = format!(
                "{section} `{name}` stands in {theirs}, a file under a ceiling, and may be named \
                 there only: name one of a file without `within`"
            );
            reading.fault(at, message);
        }
    }
}

/// A file as it was named.
fn shown(sources: &Sources, file: usize) -> String {
    let mut texts = sources.texts();
    texts
        .find(|(number, ..)| *number == file)
        .map_or_else(String::new, |(_, path, _)| path.display().to_string())
}
