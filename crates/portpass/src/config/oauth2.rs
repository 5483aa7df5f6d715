//! `[oauth2]`: what stands beside docker's scopes where Portpass is in place of
//! an identity provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Located, Place, read::Reading};

/// How the OAuth 2 endpoints answer clients of an identity provider.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OAuth2Section {
    /// Words that clients send in `scope` beside docker's own scopes, as they had
    /// to for the provider. They are passed over, as `openid`, `profile` and
    /// `email` are; any other word is refused.
    scopes: Vec<Located<String>>,
}

impl Default for OAuth2Section {
    fn default() -> Self {
        Self {
            scopes: vec![Located {
                value: "docker-registry".to_owned(),
                at: Place::default(),
            }],
        }
    }
}

impl OAuth2Section {
    /// The words, each of which can stand in a `scope` (RFC 6749 §3.3) and is
    /// none that means something.
    pub(super) fn settle(self, reading: &mut Reading<'_>) -> Vec<String> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'"' | b'\\');
        for Located { value, at } in &self.scopes {
            if value.is_empty() || !value.bytes().all(fits) {
                let message = format!(
                    "`{}` is not a word that can stand beside docker's scopes: printable ASCII \
                     without spaces, quotes, backslashes and colons",
                    value.escape_debug()
                );
                reading.fault(*at, message);
            } else if value == "offline_access" {
                let message = "`offline_access` asks for a refresh token; it cannot be passed over";
                reading.fault(*at, message);
            }
        }
        self.scopes.into_iter().map(|scope| scope.value).collect()
    }
}
