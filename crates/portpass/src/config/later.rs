//! What later versions will know, refused by name.

use toml::de::{DeTable, DeValue};

use super::{Fault, Place};

/// Keys and tables that the design has and this version does not; `*` is any
/// name.
const LATER: [&[&str]; 12] = [
    &["admin", "ca"],
    &["admin", "listen"],
    &["admin", "token"],
    &["deny", "*", "mode"],
    &["group", "*", "operators"],
    &["issuer", "*", "accept_jwt_again"],
    &["issuer", "*", "within"],
    &["ledger"],
    &["relay"],
    &["rule", "*", "mode"],
    &["store", "database_url"],
    &["test"],
];

/// Takes out of the tree what this version does not know yet, with a fault at
/// each key.
pub(super) fn refuse(root: &mut DeTable<'_>, faults: &mut Vec<Fault>) {
    for path in LATER {
        refuse_path(root, path, faults);
    }
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
        ["*", rest @ ..] => {
            let names: Vec<String> = table.keys().map(|key| key.get_ref().to_string()).collect();
            for name in names {
                descend(table, &name, rest, faults);
            }
        }
        [first, rest @ ..] => descend(table, first, rest, faults),
    }
}

fn descend(table: &mut DeTable<'_>, key: &str, rest: &[&str], faults: &mut Vec<Fault>) {
    if let Some(value) = table.get_mut(key)
        && let DeValue::Table(inner) = value.get_mut()
    {
        refuse_path(inner, rest, faults);
    }
}
