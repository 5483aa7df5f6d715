//! `[images.*]`: repository names that no template fits.

use std::collections::BTreeMap;

use super::{Located, group::check_id, include::Ceilings, names, read::Reading};
use crate::identity::IssuerSettings;

/// The repository names of each id.
type Rows = BTreeMap<String, Vec<Located<String>>>;

/// Takes all tables: one for each issuer, ids to names.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    ceilings: &Ceilings,
    issuers: &[IssuerSettings],
    issuer_names: &[String],
) -> BTreeMap<String, Rows> {
    let mut images = BTreeMap::new();
    for table in reading.named::<BTreeMap<Located<String>, Vec<Located<String>>>>("images") {
        let issuer = Located {
            value: table.name,
            at: table.at,
        };
        names::refer(reading, "issuer", [&issuer], issuer_names);
        let Some(rows) = table.value else { continue };
        for (id, names) in &rows {
            check_id(reading, issuers, &issuer.value, id);
            check_names(reading, ceilings, id, names);
        }
        let rows = rows.into_iter().map(|(id, names)| (id.value, names));
        images.insert(issuer.value, rows.collect());
    }
    images
}

fn check_names(
    reading: &mut Reading<'_>,
    ceilings: &Ceilings,
    id: &Located<String>,
    names: &[Located<String>],
) {
    if names.is_empty() {
        reading.fault(
            id.at,
            format!("`{}` has no names; remove the row or fill it", id.value),
        );
    }
    for name in names {
        if !scope::is_repository_name(&name.value) {
            let message = format!("`{}` is not a repository name", name.value.escape_debug());
            reading.fault(name.at, message);
        }
        ceilings.check_image(reading, name);
    }
}
