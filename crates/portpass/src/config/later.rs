//! What later versions will know, refused by name.

use std::collections::BTreeSet;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Fault, Place};

/// Keys and tables that the design has and this version does not; `*` is any
/// name.
const LATER: [&[&str]; 3] = [&["admin", "ca"], &["issuer", "*", "within"], &["ledger"]];

/// Named tables that are not all that was written, as section and name.
pub(super) type Partial = BTreeSet<(String, String)>;

/// Takes out of the tree what this version does not know yet, with a fault at
/// each key; gives the named tables that lost one.
pub(super) fn refuse(root: &mut DeTable<'_>, faults: &mut Vec<Fault>) -> Partial {
    let mut partial = Partial::new();
    for path in LATER {
        let [section, "*", rest @ ..] = path else {
            refuse_path(root, path, faults);
            continue;
        };
        let Some(DeValue::Table(tables)) = root.get_mut(*section).map(Spanned::get_mut) else {
            continue;
        };
        for (name, table) in tables.iter_mut() {
            let known = faults.len();
            if let DeValue::Table(table) = table.get_mut() {
                refuse_path(table, rest, faults);
            }
            if faults.len() > known {
                partial.insert(((*section).to_owned(), name.get_ref().to_string()));
            }
        }
    }
    partial
}

fn refuse_path(table: &mut DeTable<'_>, path: &[&str], faults: &mut Vec<Fault>) {
    match path {
        [] => {}
        [last] => {
            if let Some((key, _)) = table.remove_entry(*last) {
                let message = format!("`{last}` is not in this version");
                faults.push(Fault::new(Place::of_span(&key.span()), message));
            }
        }
        [first, rest @ ..] => {
            if let Some(DeValue::Table(inner)) = table.get_mut(*first).map(Spanned::get_mut) {
                refuse_path(inner, rest, faults);
            }
        }
    }
}
