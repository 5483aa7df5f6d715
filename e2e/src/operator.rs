//! What operators do while the server runs, by the words of their command line.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::portpass::Portpass;

/// A robot's secret, as it is shown once.
#[derive(Debug)]
pub struct ApiToken {
    /// The id, by which it is revoked.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl Portpass {
    /// Runs a command that must succeed.
    pub fn operate(&self, words: &[&str]) -> Result<String> {
        Ok(self.command(words)?.succeeded()?.stdout)
    }

    /// What a command answers to programs.
    pub fn told(&self, words: &[&str]) -> Result<Value> {
        let said = self.operate(&[words, &["--json"]].concat())?;
        serde_json::from_str(&said).with_context(|| format!("not JSON: {said}"))
    }

    /// What a command lists, as programs read it.
    pub fn listed(&self, words: &[&str]) -> Result<Vec<Value>> {
        match self.told(words)? {
            Value::Array(items) => Ok(items),
            other => anyhow::bail!("not a list: {other}"),
        }
    }

    /// Makes an API token with these words: its group, what it may do, how long.
    pub fn create_token(&self, name: &str, words: &[&str]) -> Result<ApiToken> {
        let words = [&["tokens", "create", name], words].concat();
        let made = self.told(&words)?;
        let text = |key: &str| {
            let value = made.get(key).and_then(Value::as_str);
            value
                .with_context(|| format!("no {key} in {made}"))
                .map(str::to_owned)
        };
        Ok(ApiToken {
            id: text("id")?,
            secret: text("secret")?,
        })
    }
}
