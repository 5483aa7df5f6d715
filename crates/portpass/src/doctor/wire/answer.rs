//! An answer, as far as it is looked at.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// An answer, as far as it is looked at.
#[derive(Clone, Debug)]
pub(in crate::doctor) struct Answer {
    pub(in crate::doctor) status: u16,
    pub(in crate::doctor) challenges: Vec<String>,
    pub(in crate::doctor) location: Option<String>,
    /// The server's clock, if it shows it.
    pub(in crate::doctor) date: Option<Timestamp>,
    /// Ours, when the answer came.
    pub(in crate::doctor) at: Timestamp,
    /// Whether it says that it is a registry.
    pub(in crate::doctor) is_registry: bool,
    pub(in crate::doctor) body: Vec<u8>,
    /// The server's certificate, in DER.
    pub(in crate::doctor) certificate: Option<Vec<u8>>,
}

impl Answer {
    /// The body as a JSON object.
    pub(in crate::doctor) fn json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A member of the body that is a text.
    pub(in crate::doctor) fn member(&self, name: &str) -> Option<String> {
        Some(self.json()?.get(name)?.as_str()?.to_owned())
    }

    /// The token in the body, under either of its names.
    pub(in crate::doctor) fn token(&self) -> Option<String> {
        let token = self.member("access_token").or_else(|| self.member("token"));
        token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()))
    }

    /// What the server says of it: the registries' error, OAuth's, or the beginning of the text.
    pub(in crate::doctor) fn message(&self) -> String {
        let status = self.status;
        let body = self.json();
        let of_registry = body.as_ref().and_then(|body| {
            let error = body.get("errors")?.get(0)?;
            Some(error.get("message")?.as_str()?.to_owned())
        });
        let of_oauth = || {
            self.member("error_description")
                .or_else(|| self.member("error"))
        };
        let of_text = || {
            let text = String::from_utf8_lossy(&self.body);
            let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            text.chars().take(200).collect::<String>()
        };
        let said = of_registry.or_else(of_oauth).unwrap_or_else(of_text);
        if said.is_empty() {
            format!("status {status}")
        } else {
            format!("status {status}: {said}")
        }
    }

    /// Whether a server, or a proxy before it, says that the header is too large.
    pub(in crate::doctor) fn is_too_large(&self) -> bool {
        [413, 414, 431, 494].contains(&self.status)
            || self.status == 400
                && String::from_utf8_lossy(&self.body)
                    .to_lowercase()
                    .contains("too large")
    }
}
