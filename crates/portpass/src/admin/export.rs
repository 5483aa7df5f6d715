//! Rows of `[images.*]` for the names that identities push to already.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use schemars::JsonSchema;
use scope::{Scopes, is_repository_name};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Question, Verb, desk::Desk, failure::Failure, identities::MAX_ROWS};
use crate::store::{EventFilter, EventRow, InboxRow, RowFilter};

/// How many events are read at a time.
const STEP: u32 = 1000;

/// The most names in one export: a file far beyond that is nobody's to read.
const MAX_NAMES: usize = 100_000;

/// Asks for rows of `[images.*]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// Only of this issuer.
    pub issuer: Option<String>,
}

/// Rows of `[images.*]`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Exported {
    /// TOML, to be included by the configuration.
    pub toml: String,
}

/// The names that identities of one issuer push to, by id.
type Rows = BTreeMap<String, BTreeSet<String>>;

/// Who pushes to which names: issuer → id → names.
#[derive(Debug, Default)]
struct Pushers {
    issuers: BTreeMap<String, Rows>,
    names: usize,
    /// Names of somebody that somebody else asked for, in vain: by name, who.
    coveted: BTreeMap<String, BTreeSet<String>>,
}

impl Question for Export {
    type Answer = Exported;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/identities/export";
    const SUMMARY: &'static str = "Rows of `[images.*]` in TOML: the names that identities were granted, or asked, to push to.";

    async fn answer(self, desk: &Desk) -> Result<Exported, Failure> {
        let mut pushers = Pushers::default();
        self.read_events(desk, &mut pushers).await?;
        self.read_inbox(desk, &mut pushers).await?;
        let is_configured = |issuer: &str, id: &str| desk.check_identity(issuer, id).is_ok();
        pushers.retain(|issuer, id, _| is_configured(issuer, id));
        for (issuer, namespace) in self.owned(desk).await? {
            pushers.retain(|of, _, name| of != issuer || !is_within(name, &namespace));
        }
        Ok(Exported {
            toml: pushers.toml(),
        })
    }
}

impl Export {
    async fn read_inbox(&self, desk: &Desk, pushers: &mut Pushers) -> Result<(), Failure> {
        let filter = RowFilter {
            issuer: self.issuer.clone(),
            limit: MAX_ROWS,
            ..RowFilter::default()
        };
        let pushed = pushers.names();
        for row in desk.store().inbox(&filter).await? {
            let Ok(asked) = Scopes::parse([row.asked.as_str()]) else {
                continue;
            };
            for scope in &asked {
                if scope.kind == "repository" && scope.actions.contains("push") {
                    pushers.add_asked(&pushed, &row, &scope.name);
                }
            }
        }
        Ok(())
    }

    /// Reads the tokens that were given out, some at a time: there may be millions.
    async fn read_events(&self, desk: &Desk, pushers: &mut Pushers) -> Result<(), Failure> {
        let mut filter = EventFilter {
            after: Some(String::new()),
            issuer: self.issuer.clone(),
            kind: Some("token".to_owned()),
            ..EventFilter::default()
        };
        loop {
            let rows = desk.store().events(&filter, STEP).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            filter.after = Some(last.id.clone());
            for row in &rows {
                pushers.add_granted(row);
            }
        }
    }

    /// The namespaces that templates have rendered, by issuer.
    async fn owned(&self, desk: &Desk) -> Result<Vec<(String, String)>, Failure> {
        let filter = RowFilter {
            issuer: self.issuer.clone(),
            limit: u32::MAX,
            ..RowFilter::default()
        };
        let rows = desk.store().namespaces(&filter).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.issuer, row.namespace))
            .collect())
    }
}

impl Pushers {
    fn add(&mut self, issuer: &str, id: &str, name: &str) {
        if !is_repository_name(name) || self.names >= MAX_NAMES {
            return;
        }
        let rows = self.issuers.entry(issuer.to_owned()).or_default();
        let is_new = rows
            .entry(id.to_owned())
            .or_default()
            .insert(name.to_owned());
        self.names += usize::from(is_new);
    }

    /// Every name that was granted for push so far.
    fn names(&self) -> BTreeSet<String> {
        let rows = self.issuers.values().flat_map(Rows::values);
        rows.flatten().cloned().collect()
    }

    /// Adds what somebody asked for and did not get. Anybody can ask for what
    /// others push to: such a name is told in a comment, and never theirs.
    fn add_asked(&mut self, pushed: &BTreeSet<String>, row: &InboxRow, name: &str) {
        let (issuer, id) = (row.issuer.as_str(), row.identity.as_str());
        let rows = self.issuers.get(issuer);
        let own = rows.and_then(|rows| rows.get(id));
        if pushed.contains(name) && own.is_none_or(|names| !names.contains(name)) {
            let who = self.coveted.entry(name.to_owned()).or_default();
            who.insert(format!("{issuer}:{id}"));
        } else {
            self.add(issuer, id, name);
        }
    }

    /// Adds what an event says was granted for push.
    fn add_granted(&mut self, row: &EventRow) {
        let (Some(issuer), Some(id)) = (&row.issuer, &row.identity) else {
            return;
        };
        let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
        let access = body.get("access").and_then(Value::as_array);
        for entry in access.into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let actions = entry.get("actions").and_then(Value::as_array);
            let pushes = actions.is_some_and(|actions| actions.iter().any(|word| word == "push"));
            if let (Some("repository"), Some(name), true) = (text("type"), text("name"), pushes) {
                self.add(issuer, id, name);
            }
        }
    }

    /// Keeps the names that pass, by issuer, id and name.
    fn retain(&mut self, mut keeps: impl FnMut(&str, &str, &str) -> bool) {
        for (issuer, rows) in &mut self.issuers {
            for (id, names) in rows.iter_mut() {
                names.retain(|name| keeps(issuer, id, name));
            }
            rows.retain(|_, names| !names.is_empty());
        }
        self.issuers.retain(|_, rows| !rows.is_empty());
    }

    /// The rows as a file that loads. A name that identities of two issuers
    /// push to can stand in neither table, so it is told in a comment.
    fn toml(mut self) -> String {
        let mut issuers_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        self.retain(|issuer, _, name| {
            let issuers = issuers_of.entry(name.to_owned()).or_default();
            issuers.insert(issuer.to_owned());
            true
        });
        issuers_of.retain(|_, issuers| issuers.len() > 1);
        self.retain(|_, _, name| !issuers_of.contains_key(name));
        let mut text = String::from(
            "# Names that identities push to, or asked for, by `portpass identities export`. Put `{images}` into a\n\
             # rule's `push` to give them. A name that a template renders does not load here: remove it.\n",
        );
        if self.names >= MAX_NAMES {
            text.push_str("# There are more; export one issuer at a time.\n");
        }
        for (name, issuers) in &issuers_of {
            let issuers: Vec<&str> = issuers.iter().map(String::as_str).collect();
            let issuers = issuers.join(", ");
            let left_out = "# Left out, as a name is of one issuer";
            writeln!(text, "{left_out}: {name} ({issuers})").expect("a string takes every write");
        }
        for (name, who) in &self.coveted {
            let who: Vec<&str> = who.iter().map(String::as_str).collect();
            let who = who.join(", ");
            let left_out = "# Left out, as others push to it";
            writeln!(text, "{left_out}: {name} (asked for by {who})")
                .expect("a string takes every write");
        }
        let images = BTreeMap::from([("images", self.issuers)]);
        let rows = toml::to_string(&images).expect("maps of texts are TOML");
        text + &rows
    }
}

/// Whether a name is a namespace or under it.
fn is_within(name: &str, namespace: &str) -> bool {
    name.strip_prefix(namespace)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exported_is_toml_and_no_name_is_of_two_issuers() {
        let mut pushers = Pushers::default();
        for (issuer, id, name) in [
            ("github", "74", "web"),
            ("github", "74", "team/api"),
            ("github", "75", "web"),
            ("gitlab", "4", "shared"),
            ("github", "74", "shared"),
            ("cluster", "ci/builder", "tools"),
            ("github", "74", "No Name"),
        ] {
            pushers.add(issuer, id, name);
        }
        let text = pushers.toml();
        let table: toml::Table = text.parse().unwrap();
        let images = table["images"].as_table().unwrap();
        assert_eq!(images.len(), 2);
        let github = images["github"].as_table().unwrap();
        assert_eq!(github["74"].to_string(), r#"["team/api", "web"]"#);
        assert_eq!(github["75"].to_string(), r#"["web"]"#);
        assert_eq!(images["cluster"]["ci/builder"].to_string(), r#"["tools"]"#);
        assert!(text.contains("shared (github, gitlab)"), "{text}");
    }

    #[test]
    fn who_asks_for_what_another_pushes_to_gets_no_row_of_it() {
        let mut pushers = Pushers::default();
        pushers.add("github", "74", "web");
        let pushed = pushers.names();
        let row = |id: &str| InboxRow {
            issuer: "github".to_owned(),
            identity: id.to_owned(),
            name: String::new(),
            registry: "prod".to_owned(),
            asked: String::new(),
            facts: String::new(),
            count: 1,
            first_ms: 0,
            last_ms: 0,
        };
        pushers.add_asked(&pushed, &row("75"), "web");
        pushers.add_asked(&pushed, &row("75"), "api");
        pushers.add_asked(&pushed, &row("74"), "web");
        let text = pushers.toml();
        let table: toml::Table = text.parse().unwrap();
        let github = table["images"]["github"].as_table().unwrap();
        assert_eq!(github["74"].to_string(), r#"["web"]"#);
        assert_eq!(github["75"].to_string(), r#"["api"]"#);
        let told = "# Left out, as others push to it: web (asked for by github:75)\n";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn nothing_to_export_is_a_file_that_loads() {
        let table: toml::Table = Pushers::default().toml().parse().unwrap();
        assert!(table["images"].as_table().unwrap().is_empty());
    }

    #[test]
    fn a_name_is_within_its_namespace_and_not_within_a_longer_word() {
        for (name, within) in [
            ("a/b", true),
            ("a/b/c", true),
            ("a/bc", false),
            ("a", false),
        ] {
            assert_eq!(is_within(name, "a/b"), within, "{name}");
        }
    }

    #[test]
    fn only_what_was_granted_for_push_counts() {
        let mut pushers = Pushers::default();
        let body = serde_json::json!({ "access": [
            { "type": "repository", "name": "web", "actions": ["pull", "push"] },
            { "type": "repository", "name": "base", "actions": ["pull"] },
            { "type": "registry", "name": "catalog", "actions": ["*"] },
        ] });
        pushers.add_granted(&EventRow {
            id: "1".to_owned(),
            at_ms: 0,
            last_ms: 0,
            count: 1,
            kind: "token".to_owned(),
            reason: None,
            decision: None,
            login: None,
            registry: None,
            issuer: Some("github".to_owned()),
            identity: Some("74".to_owned()),
            body: body.to_string(),
        });
        assert_eq!(
            pushers.issuers["github"]["74"],
            BTreeSet::from(["web".to_owned()])
        );
    }
}
