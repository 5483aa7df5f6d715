//! Identities that were proven and matched no rule, and what becomes of them.

use jiff::Timestamp;
use schemars::JsonSchema;
use scope::Scopes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    AddMember, Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
    identities::{DEFAULT_ROWS, MAX_ROWS},
};
use crate::{
    decision::{self, Asker},
    identity::Facts,
    store::{Act, InboxRow, RowFilter},
};

/// Lists who waits, the most refused first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inbox {
    /// Only of this issuer.
    pub issuer: Option<String>,
    /// Only what was asked of this registry.
    pub registry: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Somebody whom no rule gave what they asked.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Waiting {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// The registry that was asked last.
    pub registry: String,
    /// The scopes that were asked last.
    pub asked: String,
    /// The facts of the last login.
    pub facts: Map<String, Value>,
    /// How often it was refused.
    pub count: i64,
    /// When it was first refused.
    pub first_seen: Timestamp,
    /// When it was last refused.
    pub last_seen: Timestamp,
}

impl Question for Inbox {
    type Answer = Vec<Waiting>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/inbox";
    const SUMMARY: &'static str =
        "Identities that no rule gave what they asked, the most refused first.";

    async fn answer(self, desk: &Desk) -> Result<Vec<Waiting>, Failure> {
        let filter = RowFilter {
            issuer: self.issuer,
            registry: self.registry,
            limit: self.limit.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS),
            ..RowFilter::default()
        };
        let rows = desk.store().inbox(&filter).await?;
        Ok(rows.into_iter().map(Waiting::from).collect())
    }
}

impl From<InboxRow> for Waiting {
    fn from(row: InboxRow) -> Self {
        Self {
            facts: serde_json::from_str(&row.facts).unwrap_or_default(),
            issuer: row.issuer,
            id: row.identity,
            name: row.name,
            registry: row.registry,
            asked: row.asked,
            count: row.count,
            first_seen: time(row.first_ms),
            last_seen: time(row.last_ms),
        }
    }
}

/// Gives somebody who waits what they asked: by a group, or by a rule to write.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
    /// The operators' group to put it into; without one, the least rule that
    /// would have served it is answered, and nothing changes.
    pub group: Option<String>,
}

/// What became of somebody who waited.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Approved {
    /// What people know it by.
    pub name: String,
    /// Whether it was put into the group, and was not in it before.
    pub changed: bool,
    /// The least rule that would have served it, as TOML to put into the file,
    /// where no group was named.
    pub rule: Option<String>,
}

impl Question for Approve {
    type Answer = Approved;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/identities/approve";
    const SUMMARY: &'static str =
        "Puts an identity from the inbox into a group, or answers the least rule that serves it.";

    async fn answer(self, desk: &Desk) -> Result<Approved, Failure> {
        let row = self.row(desk).await?;
        let Some(group) = self.group else {
            return Ok(Approved {
                rule: Some(least_rule(&row, desk)?),
                name: row.name,
                changed: false,
            });
        };
        desk.check_group(&group)?;
        let kind = desk.check_identity(&self.issuer, &self.id)?;
        if kind.is_code_host()
            && let Some(rule) = desk.snapshot.policy.any_run_rules(&group).first()
        {
            return Err(Failure::Refused(format!(
                "rule `{rule}` lets group `{group}` push in any run, and approval never grants a \
                 push free of ref or environment; if you mean it: `portpass groups add {group} \
                 {}:{}`",
                self.issuer, self.id
            )));
        }
        let deed = Deed {
            action: "identities approve",
            about: (Some(&self.issuer), Some(&self.id)),
            detail: json!({ "group": group, "name": row.name }),
        };
        let member = AddMember {
            name: group.clone(),
            issuer: self.issuer.clone(),
            id: self.id.clone(),
        };
        let acts = [
            member.act(desk),
            Act::Dismiss {
                issuer: self.issuer.clone(),
                identity: self.id.clone(),
            },
        ];
        let Changed { changed } = desk.act(deed, &acts).await?;
        Ok(Approved {
            name: row.name,
            changed,
            rule: None,
        })
    }
}

impl Approve {
    /// What is known of the identity, which must wait in the inbox.
    async fn row(&self, desk: &Desk) -> Result<InboxRow, Failure> {
        let filter = RowFilter {
            issuer: Some(self.issuer.clone()),
            identity: Some(self.id.clone()),
            limit: 1,
            ..RowFilter::default()
        };
        let rows = desk.store().inbox(&filter).await?;
        rows.into_iter().next().ok_or_else(|| {
            let (issuer, id) = (&self.issuer, &self.id);
            Failure::Unknown(format!(
                "{issuer}:{id} does not wait in the inbox; `portpass groups add GROUP \
                 {issuer}:{id}` needs no refusal first"
            ))
        })
    }
}

/// The least rule that would have served somebody who waits.
fn least_rule(row: &InboxRow, desk: &Desk) -> Result<String, Failure> {
    let unread =
        || Failure::Refused("the inbox does not say what was asked, and by whom".to_owned());
    let facts: Facts = serde_json::from_str(&row.facts).map_err(|_other| unread())?;
    let asked = Scopes::parse([row.asked.as_str()]).map_err(|_other| unread())?;
    let several = desk.snapshot.registries.len() > 1;
    let waiting = Asker {
        issuer: &row.issuer,
        id: &row.identity,
        is_code_host: desk.issuer(&row.issuer)?.is_code_host(),
        facts: &facts,
        asked: &asked,
        registry: several.then_some(&row.registry),
    };
    decision::least_rule(&waiting).map_err(|error| Failure::Refused(error.to_string()))
}

/// Takes somebody out of the inbox; the next refusal brings it back.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dismiss {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
}

impl Question for Dismiss {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/identities/dismiss";
    const SUMMARY: &'static str =
        "Takes an identity out of the inbox; the next refusal brings it back.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let deed = Deed {
            action: "identities dismiss",
            about: (Some(&self.issuer), Some(&self.id)),
            detail: json!({}),
        };
        let act = Act::Dismiss {
            issuer: self.issuer.clone(),
            identity: self.id.clone(),
        };
        desk.act(deed, &[act]).await
    }
}
