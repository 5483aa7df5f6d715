//! What a provider's token must be to be passed on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use scope::{Scope, Scopes};
use serde_json::{Map, Value};

use super::{
    super::{
        ProviderFault, Relay, Relayed, TokenFault,
        provider::ProviderToken,
        stopped::{Unusable, Who},
    },
    printable,
};
use crate::{
    config::SecretText, credential::object, decision::Access, identity::LEEWAY_SECONDS,
    refused::Ask,
};

/// A token that may be passed on, and what it says.
#[derive(Debug)]
pub(in crate::relay) struct Checked {
    pub(super) encoded: SecretText,
    pub(super) subject: Option<String>,
    pub(super) access: Vec<Access>,
    pub(super) expires_at: Timestamp,
}

impl Relay {
    /// Checks that a token is for this registry, in its time, and gives nothing
    /// but what was asked; and, where the provider is an issuer of ours, that
    /// it made it. The algorithm is between the provider and its registries.
    pub(in crate::relay) async fn check(
        &self,
        token: ProviderToken,
        request: &Relayed<'_>,
        ask: &Ask,
        who: &Who,
    ) -> Result<Checked, Unusable> {
        let encoded = token.access_token;
        if let Some(provider) = &self.settings.provider {
            self.verify(provider, &encoded, None, request).await?;
        }
        let claims = claims_of(encoded.expose()).ok_or(TokenFault::Unreadable)?;
        let subject = claims.get("sub").and_then(Value::as_str).map(printable);
        if who.proof.is_none() && !who.is_nobody {
            // Nobody has counted them yet, and each token has a row of its own.
            let subject = subject.as_deref().unwrap_or_default();
            let admitted = request.limits.admit_subject(subject, request.at.now);
            admitted.map_err(Unusable::Limited)?;
        }
        let is_for = |audience: &str| {
            audience == ask.registry.service
                || (self.settings.any_service && audience == self.settings.client_id)
        };
        if !audiences(&claims).any(is_for) {
            return Err(TokenFault::Audience.into());
        }
        let expires_at = expiry(&claims, request.at.now).ok_or(TokenFault::Expired)?;
        let access = access_of(&claims).ok_or(TokenFault::Unreadable)?;
        if !access.iter().all(|access| is_within(access, &ask.scopes)) {
            return Err(TokenFault::Exceeds.into());
        }
        if let Some(scope) = withheld(&access, &ask.scopes) {
            return Err(ProviderFault::Withheld(scope.clone()).into());
        }
        Ok(Checked {
            encoded,
            subject,
            access,
            expires_at,
        })
    }
}

/// The payload of a signed JWT (RFC 7515 §3.1), whoever signed it.
pub(in crate::relay) fn claims_of(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_header), Some(payload), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    object(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Every `aud` (RFC 7519 §4.1.3).
fn audiences(claims: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let (one, list) = match claims.get("aud") {
        Some(Value::String(one)) => (Some(one.as_str()), None),
        Some(Value::Array(list)) => (None, Some(list)),
        Some(Value::Bool(_) | Value::Null | Value::Number(_) | Value::Object(_)) | None => {
            (None, None)
        }
    };
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(list)
}

/// When it expires, if that is still to come, and its time has begun.
fn expiry(claims: &Map<String, Value>, now: Timestamp) -> Option<Timestamp> {
    let expires_at = Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()?;
    let begins = match claims.get("nbf") {
        Some(begins) => begins.as_i64()?,
        None => i64::MIN,
    };
    let has_begun = begins <= now.as_second().saturating_add(LEEWAY_SECONDS);
    (has_begun && expires_at.as_second() > now.as_second()).then_some(expires_at)
}

/// The `access` claim; none is nothing. `None` where it cannot be read.
pub(in crate::relay) fn access_of(claims: &Map<String, Value>) -> Option<Vec<Access>> {
    let entries = match claims.get("access") {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::String(_)) => {
            return None;
        }
    };
    let text = |entry: &Value, name: &str| Some(entry.get(name)?.as_str()?.to_owned());
    let access = entries.iter().map(|entry| {
        let actions = entry.get("actions")?.as_array()?.iter();
        let actions: Option<Vec<_>> = actions
            .map(|action| Some(action.as_str()?.to_owned()))
            .collect();
        let mut actions = actions?;
        actions.sort();
        actions.dedup();
        Some(Access {
            kind: text(entry, "type")?,
            class: text(entry, "class").filter(|class| !class.is_empty()),
            name: text(entry, "name")?,
            actions,
        })
    });
    access.collect()
}

/// Whether something was asked, all of it: `*` asks for every action.
fn is_within(access: &Access, asked: &Scopes) -> bool {
    asked.iter().any(|scope| {
        let all = scope.actions.contains("*");
        let mut actions = access.actions.iter();
        access.is_of(scope) && (all || actions.all(|action| scope.actions.contains(action)))
    })
}

/// What must not be answered with less than was asked: the first scope that
/// asked for push or delete and got neither, or the first of all where nothing
/// was given. A token without it would only be refused later, without a reason.
fn withheld<'s>(access: &[Access], asked: &'s Scopes) -> Option<&'s Scope> {
    let gives = |scope: &Scope, wanted: &[&str]| {
        let entries = access.iter().filter(|access| access.is_of(scope));
        entries
            .flat_map(|access| &access.actions)
            .any(|action| wanted.contains(&action.as_str()))
    };
    let changes = ["push", "delete", "*"];
    let without_change = asked.iter().find(|scope| {
        let names = scope.actions.contains("push") || scope.actions.contains("delete");
        names && !gives(scope, &changes)
    });
    let is_empty = access.iter().all(|access| access.actions.is_empty());
    without_change.or_else(|| asked.iter().next().filter(|_| is_empty))
}

#[cfg(test)]
mod tests;
