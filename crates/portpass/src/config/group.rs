//! `[group.*]`: named sets of identities.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, names, read::Reading};

/// A named set of identities, for rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSection {
    /// The identities in it.
    /// Example: `[{ issuer = "github", id = "74" }]`.
    members: Vec<MemberSection>,
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
pub(super) type Groups = BTreeMap<String, Vec<(String, String)>>;

/// Takes all groups; gives them with the names of the faulty ones too.
pub(super) fn settle(reading: &mut Reading<'_>, issuers: &[String]) -> (Groups, Vec<String>) {
    let mut known = Vec::new();
    let mut groups = Groups::new();
    for table in reading.named::<GroupSection>("group") {
        names::check(reading, "group", &table.name, table.at);
        known.push(table.name.clone());
        let Some(section) = table.value else { continue };
        let mut members = Vec::new();
        for member in section.members {
            names::refer(reading, "issuer", [&member.issuer], issuers);
            if !is_id(&member.id.value) {
                let message = "an id is 1 to 1024 bytes of text without control characters";
                reading.fault(member.id.at, message);
            }
            members.push((member.issuer.value, member.id.value));
        }
        groups.insert(table.name, members);
    }
    (groups, known)
}

/// Whether a text can be the immutable id of an identity.
pub(super) fn is_id(text: &str) -> bool {
    (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control)
}
