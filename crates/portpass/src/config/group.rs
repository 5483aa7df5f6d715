//! `[group.*]`: named sets of identities.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, names, read::Reading};
use crate::{decision::GroupSource, identity::IssuerSettings};

/// A named set of identities, for rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSection {
    /// The identities in it, where the file keeps them.
    /// Example: `[{ issuer = "github", id = "74" }]`.
    members: Option<Vec<MemberSection>>,
    /// Whether operators keep its members at run time, with `portpass groups`.
    /// Either this or `members`. Example: `true`.
    #[serde(default)]
    operators: bool,
}

/// One identity: an issuer's name and the immutable id it vouches for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberSection {
    /// The id: a repository's, a project's, `NAMESPACE/SERVICE-ACCOUNT`, a `sub`.
    id: Located<String>,
    /// The name of the issuer.
    issuer: Located<String>,
}

/// Issuer and id of each member, by the group's name.
pub(super) type Groups = BTreeMap<String, GroupSource>;

/// Takes all groups; gives them with the names of the faulty ones too.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    issuers: &[IssuerSettings],
    issuer_names: &[String],
) -> (Groups, Vec<String>) {
    let mut known = Vec::new();
    let mut groups = Groups::new();
    for table in reading.named::<GroupSection>("group") {
        names::check(reading, "group", &table.name, table.at);
        known.push(table.name.clone());
        let Some(section) = table.value else { continue };
        let listed = match (section.members, section.operators) {
            (Some(listed), false) => listed,
            (None, true) => {
                groups.insert(table.name, GroupSource::Operators);
                continue;
            }
            (Some(_), true) => {
                let message = "a group is kept here or by operators; remove `members` or `operators`";
                reading.fault(table.at, message);
                continue;
            }
            (None, false) => {
                let message = "`members` is missing; or let operators keep the group, with \
                               `operators = true`";
                reading.fault(table.at, message);
                continue;
            }
        };
        let mut members = Vec::new();
        for member in listed {
            names::refer(reading, "issuer", [&member.issuer], issuer_names);
            check_id(reading, issuers, &member.issuer.value, &member.id);
            members.push((member.issuer.value, member.id.value));
        }
        groups.insert(table.name, GroupSource::Members(members));
    }
    (groups, known)
}

/// Refuses an id that the issuer can never prove; of an issuer that is faulty
/// itself nothing can be said.
pub(super) fn check_id(
    reading: &mut Reading<'_>,
    issuers: &[IssuerSettings],
    issuer: &str,
    id: &Located<String>,
) {
    let Some(issuer) = issuers.iter().find(|known| known.name == issuer) else {
        return;
    };
    let kind = issuer.kind.value;
    if !kind.may_have_id(&id.value) {
        let message = format!(
            "`{}` is never an id of issuer `{}`, where it is {}",
            id.value.escape_debug(),
            issuer.name,
            kind.id_form()
        );
        reading.fault(id.at, message);
    }
}
