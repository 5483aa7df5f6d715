//! Groups that operators keep, and who is in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
};
use crate::store::{Act, MemberRow};

/// Lists the groups that operators keep.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Groups {
    /// Only groups that this identity's issuer and id, `ISSUER:ID`, is in.
    pub member: Option<String>,
}

/// One group in a list.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct GroupShown {
    /// Its name.
    pub name: String,
    /// How many identities are in it.
    pub members: u64,
    /// Whether the file declares it: a group that it does not gives nothing.
    pub declared: bool,
}

impl Question for Groups {
    type Answer = Vec<GroupShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/groups";
    const SUMMARY: &'static str = "The groups that operators keep, by name.";

    async fn answer(self, desk: &Desk) -> Result<Vec<GroupShown>, Failure> {
        let rows = desk.store().members().await?;
        let declared = desk.snapshot.policy.operators_groups();
        let mut groups: BTreeMap<String, GroupShown> = declared
            .map(|name| (name.to_owned(), GroupShown::new(name, true)))
            .collect();
        let mut held = Vec::new();
        for row in &rows {
            let name = &row.group_name;
            let group = groups
                .entry(name.clone())
                .or_insert_with(|| GroupShown::new(name, false));
            group.members += 1;
            if self.member.as_deref() == Some(&format!("{}:{}", row.issuer, row.identity)) {
                held.push(name.as_str());
            }
        }
        let is_wanted =
            |group: &GroupShown| self.member.is_none() || held.contains(&group.name.as_str());
        Ok(groups.into_values().filter(is_wanted).collect())
    }
}

impl GroupShown {
    fn new(name: &str, declared: bool) -> Self {
        Self {
            name: name.to_owned(),
            members: 0,
            declared,
        }
    }
}

/// Lists who is in a group that operators keep.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// The group.
    pub name: String,
}

/// Somebody in a group.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Member {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
    /// What people know it by, if it was ever proven.
    pub name: Option<String>,
    /// Since when it is in the group.
    pub added_at: Timestamp,
    /// Who put it there.
    pub actor: String,
}

impl Question for Members {
    type Answer = Vec<Member>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/groups/{name}/members";
    const SUMMARY: &'static str = "Who is in a group that operators keep, by issuer and id.";

    async fn answer(self, desk: &Desk) -> Result<Vec<Member>, Failure> {
        let mut rows = desk.store().members().await?;
        rows.retain(|row| row.group_name == self.name);
        if rows.is_empty() {
            desk.check_group(&self.name)?;
        }
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            members.push(Member {
                name: desk.name_of(&row.issuer, &row.identity).await?,
                issuer: row.issuer,
                id: row.identity,
                added_at: time(row.added_ms),
                actor: row.actor,
            });
        }
        members.sort();
        Ok(members)
    }
}

/// Puts somebody into a group, seen before or not.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// The group.
    pub name: String,
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
}

impl AddMember {
    /// The row that it is about.
    pub(super) fn act(&self, desk: &Desk) -> Act {
        Act::AddMember(MemberRow {
            group_name: self.name.clone(),
            issuer: self.issuer.clone(),
            identity: self.id.clone(),
            added_ms: desk.now_ms(),
            actor: desk.actor.to_string(),
        })
    }
}

impl Question for AddMember {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/groups/{name}/members";
    const SUMMARY: &'static str = "Puts an identity into a group, whether it was seen before or not.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        desk.check_group(&self.name)?;
        desk.check_identity(&self.issuer, &self.id)?;
        let deed = Deed {
            action: "groups add",
            about: (Some(&self.issuer), Some(&self.id)),
            detail: json!({ "group": self.name }),
        };
        desk.act(deed, &[self.act(desk)]).await
    }
}

/// Takes somebody out of a group.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveMember {
    /// The group.
    pub name: String,
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
}

impl Question for RemoveMember {
    type Answer = Changed;

    const VERB: Verb = Verb::Delete;
    const PATH: &'static str = "/groups/{name}/members";
    const SUMMARY: &'static str = "Takes an identity out of a group.";

    /// Groups and issuers that the file no longer has may still be tidied up.
    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let deed = Deed {
            action: "groups remove",
            about: (Some(&self.issuer), Some(&self.id)),
            detail: json!({ "group": self.name }),
        };
        let act = Act::RemoveMember {
            group_name: self.name.clone(),
            issuer: self.issuer.clone(),
            identity: self.id.clone(),
        };
        let changed = desk.act(deed, &[act]).await?;
        if !changed.changed {
            desk.check_group(&self.name)?;
        }
        Ok(changed)
    }
}
