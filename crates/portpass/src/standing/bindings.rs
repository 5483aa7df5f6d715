//! What issuers' names and keys stand for: bound when they are new, ended when
//! they go, without an operator.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Standing;
use crate::{
    audit::operator_event,
    identity::{Binding, Withdrawn},
    store::{Act, BindingRow, EventRow, RevocationRow, StoreError},
};

/// Who acts where nobody asked for it.
const OURSELVES: &str = "portpass";

impl Standing {
    /// Binds issuers whose names are new, and ends the logins of those that are
    /// configured no longer; at the start and at each reload.
    ///
    /// Done twice, or by two replicas at once, it changes nothing more. An
    /// issuer whose name stands for something else, or did when it was configured
    /// last, is left as it is: suspended, until an operator binds it again.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn bind<'b>(
        &self,
        configured: impl Iterator<Item = &'b Binding>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut gone = self.store.bindings().await?;
        let mut changed = 0;
        for issuer in configured {
            let known = gone.iter().position(|row| row.issuer == *issuer.issuer);
            let known = known.map(|known| gone.swap_remove(known));
            let stays = known
                .is_some_and(|row| row.is_configured() || row.binding != issuer.digest.to_string());
            if !stays {
                changed += self.bind_new(issuer, now).await?;
            }
        }
        for row in gone.into_iter().filter(BindingRow::is_configured) {
            changed += self.end(row.issuer, now).await?;
        }
        if changed > 0 {
            self.refresh().await?;
        }
        Ok(())
    }

    async fn bind_new(&self, issuer: &Binding, now: Timestamp) -> Result<u64, StoreError> {
        let detail = json!({ "kind": issuer.kind, "iss": issuer.iss, "source": issuer.source });
        let row = BindingRow {
            issuer: issuer.issuer.to_string(),
            binding: issuer.digest.to_string(),
            kind: issuer.kind.to_owned(),
            iss: json!(issuer.iss).to_string(),
            source: issuer.source.clone(),
            bound_ms: now.as_millisecond(),
            actor: OURSELVES.to_owned(),
        };
        let event = event_of(&issuer.issuer, "issuers bind", &detail, now);
        self.store.act(&[Act::Bind(row)], &event).await
    }

    async fn end(&self, issuer: String, now: Timestamp) -> Result<u64, StoreError> {
        tracing::warn!(
            issuer.name = issuer,
            "An issuer is configured no longer: its sessions end"
        );
        let event = event_of(&issuer, "issuers remove", &Value::Null, now);
        let ended = RevocationRow {
            kind: "issuer".to_owned(),
            issuer: issuer.clone(),
            value: String::new(),
            at_ms: now.as_millisecond(),
            actor: OURSELVES.to_owned(),
        };
        let acts = [Act::Revoke(ended), Act::Unbind { issuer }];
        self.store.act(&acts, &event).await
    }

    /// Ends the logins of keys that their platform withdrew.
    ///
    /// # Errors
    ///
    /// When the database fails: then some may have ended already, which does
    /// no harm the second time.
    pub async fn withdraw(&self, keys: &[Withdrawn], now: Timestamp) -> Result<(), StoreError> {
        for Withdrawn { issuer, key, at } in keys {
            tracing::warn!(
                issuer.name = %issuer,
                issuer.key = %key,
                "A key was withdrawn: logins end whose JWT it signed and that had not expired"
            );
            let event = event_of(issuer, "keys withdraw", &json!({ "key": key }), now);
            let ended = RevocationRow {
                kind: "key_withdrawn".to_owned(),
                issuer: issuer.to_string(),
                value: key.to_string(),
                at_ms: at.as_millisecond(),
                actor: OURSELVES.to_owned(),
            };
            self.store.act(&[Act::Revoke(ended)], &event).await?;
        }
        self.refresh().await
    }

    /// The issuers whose names stand for something else than when they were
    /// bound, as far as we last heard.
    pub fn suspended<'b>(&self, configured: impl Iterator<Item = &'b Binding>) -> Vec<&'b str> {
        let settled = self.settled.load();
        configured
            .filter(|issuer| !settled.is_bound(&issuer.issuer, issuer.digest))
            .map(|issuer| &*issuer.issuer)
            .collect()
    }
}

/// The event of something that we do ourselves about an issuer.
fn event_of(issuer: &str, action: &str, detail: &Value, now: Timestamp) -> EventRow {
    EventRow {
        issuer: Some(issuer.to_owned()),
        ..operator_event(OURSELVES, action, detail, now)
    }
}
