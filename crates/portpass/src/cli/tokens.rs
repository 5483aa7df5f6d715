//! `portpass tokens`: secrets for robots.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{
    block_on,
    printer::{Printer, minute},
    reach::{Operator, Reach},
};
use crate::admin::{
    ApiTokenMade, ApiTokenShown, ApiTokenState, ApiTokens, Changed, CreateApiToken, RevokeApiToken,
};

/// What stands after `portpass tokens`.
#[derive(Args, Clone, Debug)]
pub(super) struct TokensArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Make an API token, and print its secret: this once, and never again.
    Create(Create),
    /// Show API tokens, the newest first.
    List {
        /// Those that are revoked or expired, too.
        #[arg(long)]
        all: bool,
    },
    /// End an API token.
    Revoke {
        /// Its name or its id.
        token: String,
    },
}

#[derive(Args, Clone, Debug)]
struct Create {
    /// What it is called: lower-case letters, digits and `-`.
    name: String,
    /// The group whose rules it is under; the file declares it with
    /// `operators = true`.
    #[arg(long)]
    group: String,
    /// What it may pull at most, whatever the group's rules give.
    #[arg(long, value_name = "PATTERN")]
    pull: Vec<String>,
    /// What it may push to, and therefore pull, at most.
    #[arg(long, value_name = "PATTERN")]
    push: Vec<String>,
    /// What it may delete at most.
    #[arg(long, value_name = "PATTERN")]
    delete: Vec<String>,
    /// How long it lives, as in `90d` or `12h`, at most `366d`; or `never`.
    #[arg(long, default_value = "90d")]
    expires: String,
}

impl TokensArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Create(create) => {
                let made = reach.ask(&CreateApiToken {
                    name: create.name.clone(),
                    group: create.group,
                    pull: create.pull,
                    push: create.push,
                    delete: create.delete,
                    expires: Some(create.expires),
                })?;
                print_made(&create.name, &made, printer)?;
            }
            Verb::List { all } => {
                let tokens = reach.ask(&ApiTokens { all })?;
                let header = [
                    "ID", "NAME", "GROUP", "AT MOST", "STATE", "EXPIRES", "LAST USED", "FROM",
                ];
                printer.list(&tokens, header, row)?;
            }
            Verb::Revoke { token } => {
                let changed = block_on(async {
                    let operator = reach.operator().await?;
                    let changed = revoke(&operator, &token).await;
                    operator.close().await;
                    changed
                })?;
                let done = format!("{token} is revoked");
                let undone = format!("{token} was revoked already");
                printer.changed(changed, &done, &undone)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The secret alone goes to the standard output, so that it can be piped.
fn print_made(name: &str, made: &ApiTokenMade, printer: Printer) -> anyhow::Result<()> {
    if printer.is_json() {
        return Printer::json(made);
    }
    let ends = match made.expires_at {
        Some(at) => format!("It expires on {} UTC.", minute(at)),
        None => "It never expires.".to_owned(),
    };
    Printer::note(&format!(
        "API token {name} ({}). Its secret is shown this once: keep it where the robot reads it, and \
         give it\nas password, under any user name: docker login --username {name} \
         --password-stdin REGISTRY\n{ends}",
        made.id
    ));
    Printer::text(&format!("{}\n", made.secret))
}

/// Ends the one token that a name or an id means.
async fn revoke(operator: &Operator, token: &str) -> anyhow::Result<Changed> {
    let tokens = operator.ask(&ApiTokens { all: true }).await?;
    let id = meant(&tokens, token)?;
    Ok(operator.ask(&RevokeApiToken { id }).await?)
}

/// The id that is meant: one is never a name of a live token by chance.
fn meant(tokens: &[ApiTokenShown], token: &str) -> anyhow::Result<String> {
    let live = |shown: &&ApiTokenShown| shown.state == ApiTokenState::Live && shown.name == token;
    let by_name: Vec<_> = tokens.iter().filter(live).collect();
    let by_id = tokens.iter().find(|shown| shown.id == token);
    match (by_id, by_name.as_slice()) {
        (Some(_), [other]) if other.id != token => {
            bail!("`{token}` is one token's id and another's name; revoke that one by its id {}", other.id)
        }
        (Some(shown), _) => Ok(shown.id.clone()),
        (None, [only]) => Ok(only.id.clone()),
        (None, []) => {
            let known = tokens.iter().find(|shown| shown.name == token);
            known
                .map(|shown| shown.id.clone())
                .with_context(|| format!("there is no API token `{token}`; see `portpass tokens list`"))
        }
        (None, _) => bail!("several API tokens are called `{token}`; revoke each by its id"),
    }
}

fn row(token: &ApiTokenShown) -> [String; 8] {
    let state = match token.state {
        ApiTokenState::Expired => "expired",
        ApiTokenState::Live => "live",
        ApiTokenState::Revoked => "revoked",
    };
    let never = |time: Option<jiff::Timestamp>| time.map_or_else(|| "never".to_owned(), minute);
    let most = [
        ("pull", &token.pull),
        ("push", &token.push),
        ("delete", &token.delete),
    ];
    let most = most
        .into_iter()
        .filter(|(_, patterns)| !patterns.is_empty())
        .map(|(action, patterns)| format!("{action} {}", patterns.join(" ")));
    [
        token.id.clone(),
        token.name.clone(),
        token.group.clone(),
        most.collect::<Vec<_>>().join(", "),
        state.to_owned(),
        never(token.expires_at),
        never(token.last_used_at),
        token.last_network.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: &str, name: &str, state: ApiTokenState) -> ApiTokenShown {
        ApiTokenShown {
            id: id.to_owned(),
            name: name.to_owned(),
            group: "robots".to_owned(),
            pull: vec!["team/**".to_owned()],
            push: Vec::new(),
            delete: vec!["tmp/*".to_owned(), "old/*".to_owned()],
            state,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            actor: "uid 0".to_owned(),
            expires_at: None,
            last_used_at: None,
            last_network: None,
        }
    }

    #[test]
    fn a_token_is_meant_by_its_id_or_its_name() {
        let tokens = [
            token("one", "mirror", ApiTokenState::Live),
            token("two", "mirror", ApiTokenState::Revoked),
            token("three", "bot", ApiTokenState::Expired),
            token("four", "one", ApiTokenState::Live),
        ];
        assert_eq!(meant(&tokens, "mirror").unwrap(), "one");
        assert_eq!(meant(&tokens, "two").unwrap(), "two");
        assert_eq!(meant(&tokens, "bot").unwrap(), "three");
        assert!(meant(&tokens, "one").is_err());
        assert!(meant(&tokens, "other").is_err());
    }

    #[test]
    fn a_row_says_what_it_may_do_at_most() {
        let row = row(&token("one", "mirror", ApiTokenState::Live));
        assert_eq!(row[3], "pull team/**, delete tmp/* old/*");
        assert_eq!(row[5], "never");
    }
}
