//! What a token says.

use jiff::Timestamp;
use serde::Serialize;

use super::table::longest_token;
use crate::{
    decision::{Access, Grant},
    identity::Proof,
    registry::Registry,
};

/// How far back `iat` and `nbf` lie, for clocks that differ.
const BACKDATED_SECONDS: i64 = 30;

/// No token lives shorter: clients take sixty seconds where they are told less.
pub(super) const SHORTEST_SECONDS: i64 = 60;

/// The longest readable name in a `sub`, in bytes.
const LONGEST_NAME: usize = 128;

/// The payload of a registry token (distribution, `docs/content/spec/auth/jwt.md`).
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: &'a str,
    access: &'a [Access],
}

impl<'a> Claims<'a> {
    /// The claims of a grant that lives for some seconds from `now`.
    pub(super) fn of(grant: &'a Grant, id: &'a str, lifetime: i64, now: Timestamp) -> Self {
        let registry = grant.registry();
        let begin = now.as_second() - BACKDATED_SECONDS;
        Self {
            iss: &registry.token_issuer,
            sub: subject(grant.proof()),
            aud: &registry.service,
            exp: now.as_second() + lifetime,
            nbf: begin,
            iat: begin,
            jti: id,
            access: grant.access(),
        }
    }
}

/// How long a token lives, in seconds: as long as the registry says, yet not
/// past the login's cap, yet at least a minute.
pub(super) fn lifetime(registry: &Registry, until: Option<Timestamp>, now: Timestamp) -> i64 {
    let longest = longest_token(registry).as_secs();
    let capped = until.map_or(longest, |until| {
        longest.min(until.as_second() - now.as_second())
    });
    capped.max(SHORTEST_SECONDS)
}

/// All that a registry's log will ever say about who pushed.
fn subject(proof: &Proof) -> String {
    match proof.login() {
        None => "anonymous".to_owned(),
        Some(login) => {
            let name = cut(proof.name(), LONGEST_NAME);
            format!("{}:{name}:{login}", proof.identity())
        }
    }
}

/// The beginning of a text: at most so many bytes, and whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or(text)
}
