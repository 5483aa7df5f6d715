//! Secrets for robots.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
};
use crate::{
    credential::{Secret, SecretKind},
    decision::Ceiling,
    identity::TOKEN,
    short_id::ShortId,
    store::{Act, ApiTokenRow},
};

/// How long a token lives when nobody says: 90 days.
const DEFAULT_HOURS: i64 = 90 * 24;

/// How long a token lives at most, unless it never expires: 366 days.
const MAX_HOURS: i64 = 366 * 24;

/// Lists API tokens, the newest first.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiTokens {
    /// Those that are revoked or expired, too.
    pub all: bool,
}

/// One API token, without its secret.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ApiTokenShown {
    /// Its id: `token:ID` is its identity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The operators' group whose rules it is under.
    pub group: String,
    /// What it may pull at most.
    pub pull: Vec<String>,
    /// What it may push to at most.
    pub push: Vec<String>,
    /// What it may delete at most.
    pub delete: Vec<String>,
    /// Whether it is still good.
    pub state: ApiTokenState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub actor: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From which network it was last used.
    pub last_network: Option<String>,
}

/// Whether an API token is still good.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiTokenState {
    /// Its time is over.
    Expired,
    /// It is good, as far as the rules give anything.
    Live,
    /// An operator ended it.
    Revoked,
}

impl ApiTokenState {
    fn of(row: &ApiTokenRow, now: Timestamp) -> Self {
        if row.revoked_ms.is_some() {
            Self::Revoked
        } else if row.expires_ms.is_some_and(|at| at <= now.as_millisecond()) {
            Self::Expired
        } else {
            Self::Live
        }
    }
}

impl Question for ApiTokens {
    type Answer = Vec<ApiTokenShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/tokens";
    const SUMMARY: &'static str = "API tokens, the newest first; their secrets are nowhere.";

    async fn answer(self, desk: &Desk) -> Result<Vec<ApiTokenShown>, Failure> {
        let rows = desk.store().api_tokens().await?;
        let shown = rows.into_iter().map(|row| {
            let patterns = |text: &str| serde_json::from_str(text).unwrap_or_default();
            ApiTokenShown {
                state: ApiTokenState::of(&row, desk.now),
                pull: patterns(&row.pull),
                push: patterns(&row.push),
                delete: patterns(&row.deletes),
                id: row.id,
                name: row.name,
                group: row.group_name,
                created_at: time(row.created_ms),
                actor: row.actor,
                expires_at: row.expires_ms.map(time),
                last_used_at: row.last_used_ms.map(time),
                last_network: row.last_network,
            }
        });
        Ok(shown
            .filter(|token| self.all || token.state == ApiTokenState::Live)
            .collect())
    }
}

/// Makes an API token.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CreateApiToken {
    /// What it is called: lower-case letters, digits and `-`, at most 64.
    pub name: String,
    /// The operators' group whose rules it is under.
    pub group: String,
    /// Patterns of what it may pull at most.
    #[serde(default)]
    pub pull: Vec<String>,
    /// Patterns of what it may push to, and therefore pull, at most.
    #[serde(default)]
    pub push: Vec<String>,
    /// Patterns of what it may delete at most.
    #[serde(default)]
    pub delete: Vec<String>,
    /// How long it lives, as in `90d` or `12h`, at most `366d`; or `never`.
    /// Default: `90d`.
    pub expires: Option<String>,
}

/// A new API token; its secret is nowhere else, and never again.
#[derive(Clone, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ApiTokenMade {
    /// Its id.
    pub id: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// The secret: what is given as password, under any user name.
    pub secret: String,
}

impl fmt::Debug for ApiTokenMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokenMade")
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Question for CreateApiToken {
    type Answer = ApiTokenMade;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/tokens";
    const SUMMARY: &'static str = "Makes an API token; its secret is in this answer and nowhere else.";

    async fn answer(self, desk: &Desk) -> Result<ApiTokenMade, Failure> {
        check_name(&self.name)?;
        desk.check_group(&self.group)?;
        if self.pull.is_empty() && self.push.is_empty() && self.delete.is_empty() {
            return Err(Failure::Refused(
                "say what it may do at most, by patterns for pull, push or delete".to_owned(),
            ));
        }
        Ceiling::parse(&self.pull, &self.push, &self.delete).map_err(Failure::Refused)?;
        let expires_at = expiry(self.expires.as_deref(), desk.now)?;
        let others = desk.store().api_tokens().await?;
        let is_taken = |row: &ApiTokenRow| {
            row.name == self.name && ApiTokenState::of(row, desk.now) == ApiTokenState::Live
        };
        if others.iter().any(is_taken) {
            return Err(Failure::Refused(format!(
                "there is an API token `{}` already; revoke it, or choose another name",
                self.name
            )));
        }
        let no_bytes = |_unspecified| Failure::Broken(anyhow::anyhow!("there are no random bytes"));
        let id = ShortId::random().map_err(no_bytes)?.to_string();
        let secret = Secret::make(SecretKind::ApiToken).map_err(no_bytes)?;
        let deed = Deed {
            action: "tokens create",
            about: (Some(TOKEN), Some(&id)),
            detail: json!({
                "name": self.name,
                "group": self.group,
                "pull": self.pull,
                "push": self.push,
                "delete": self.delete,
                "expires_at": expires_at,
            }),
        };
        let row = self.row(desk, &id, &secret, expires_at);
        desk.act(deed, &[Act::CreateApiToken(row)]).await?;
        Ok(ApiTokenMade {
            secret: secret.expose().to_owned(),
            id,
            expires_at,
        })
    }
}

impl CreateApiToken {
    fn row(
        &self,
        desk: &Desk,
        id: &str,
        secret: &Secret,
        expires_at: Option<Timestamp>,
    ) -> ApiTokenRow {
        ApiTokenRow {
            id: id.to_owned(),
            name: self.name.clone(),
            hash: secret.hash().as_str().to_owned(),
            group_name: self.group.clone(),
            pull: json!(self.pull).to_string(),
            push: json!(self.push).to_string(),
            deletes: json!(self.delete).to_string(),
            created_ms: desk.now_ms(),
            actor: desk.actor.to_string(),
            expires_ms: expires_at.map(Timestamp::as_millisecond),
            revoked_ms: None,
            last_used_ms: None,
            last_network: None,
        }
    }
}

/// Ends an API token.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeApiToken {
    /// Its id.
    pub id: String,
}

impl Question for RevokeApiToken {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/tokens/{id}/revoke";
    const SUMMARY: &'static str = "Ends an API token.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let rows = desk.store().api_tokens().await?;
        let Some(row) = rows.into_iter().find(|row| row.id == self.id) else {
            let message = format!("there is no API token with the id `{}`", self.id);
            return Err(Failure::Unknown(message));
        };
        if row.revoked_ms.is_some() {
            return Ok(Changed { changed: false });
        }
        let deed = Deed {
            action: "tokens revoke",
            about: (Some(TOKEN), Some(&self.id)),
            detail: json!({ "name": row.name, "group": row.group_name }),
        };
        let act = Act::RevokeApiToken {
            id: self.id.clone(),
            at_ms: desk.now_ms(),
        };
        desk.act(deed, &[act]).await
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "`{}` cannot name an API token: names are lower-case letters, digits and `-`, at most 64",
        name.escape_debug()
    )))
}

/// When a token ends that is made now; a day is 24 hours.
fn expiry(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let hours = match text {
        Some("never") => return Ok(None),
        None => DEFAULT_HOURS,
        Some(text) => {
            let number = |unit: char| text.strip_suffix(unit)?.parse::<u32>().ok();
            let hours = number('d').map(|days| i64::from(days) * 24);
            let hours = hours.or_else(|| number('h').map(i64::from));
            hours
                .filter(|hours| (1..=MAX_HOURS).contains(hours))
                .ok_or_else(|| {
                    Failure::Refused(format!(
                        "`{}` is not how long a token may live; say it as in `90d` or `12h`, at \
                         most `366d`, or `never`",
                        text.escape_debug()
                    ))
                })?
        }
    };
    Ok(Some(now + SignedDuration::from_hours(hours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_expires_unless_it_is_said_that_it_never_does() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = |text| expiry(text, now).unwrap().map(|at| at.to_string());
        assert_eq!(at(None).unwrap(), "2026-04-01T00:00:00Z");
        assert_eq!(at(Some("12h")).unwrap(), "2026-01-01T12:00:00Z");
        assert_eq!(at(Some("366d")).unwrap(), "2027-01-02T00:00:00Z");
        assert_eq!(at(Some("never")), None);
        for wrong in ["", "0d", "367d", "90", "-1d", "9999999999d", "1w", "Never", "1.5d"] {
            assert!(expiry(Some(wrong), now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_plain() {
        for (name, fits) in [
            ("mirror", true),
            ("update-bot-2", true),
            ("", false),
            ("Mirror", false),
            ("a b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), fits, "{name}");
        }
        assert!(check_name(&"a".repeat(64)).is_ok());
        assert!(check_name(&"a".repeat(65)).is_err());
    }

    #[test]
    fn a_secret_is_in_no_debug_output() {
        let made = ApiTokenMade {
            id: "one".to_owned(),
            expires_at: None,
            secret: "hush".to_owned(),
        };
        assert!(!format!("{made:?}").contains("hush"));
    }
}
