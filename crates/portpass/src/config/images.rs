//! `[images.*]`: repository names that no template fits.

use std::collections::BTreeMap;

use super::{Located, Place, group::is_id, names, read::Reading};

/// The repository names of each id.
type Rows = BTreeMap<String, Vec<Located<String>>>;

/// Takes all tables: one for each issuer, ids to names.
pub(super) fn settle(reading: &mut Reading<'_>, issuers: &[String]) -> BTreeMap<String, Rows> {
    let mut images = BTreeMap::new();
    for table in reading.named::<Rows>("images") {
        let issuer = Located {
            value: table.name.clone(),
            at: table.at,
        };
        names::refer(reading, "issuer", [&issuer], issuers);
        let Some(rows) = table.value else { continue };
        for (id, names) in &rows {
            let at = names.first().map_or(table.at, |name| name.at);
            check_row(reading, id, names, at);
        }
        images.insert(table.name, rows);
    }
    images
}

fn check_row(reading: &mut Reading<'_>, id: &str, names: &[Located<String>], at: Place) {
    if !is_id(id) {
        reading.fault(at, format!("`{}` is not an id", id.escape_debug()));
    }
    if names.is_empty() {
        reading.fault(
            at,
            format!("`{id}` has no names; remove the row or fill it"),
        );
    }
    for name in names {
        if !scope::is_repository_name(&name.value) {
            let message = format!("`{}` is not a repository name", name.value.escape_debug());
            reading.fault(name.at, message);
        }
    }
}
