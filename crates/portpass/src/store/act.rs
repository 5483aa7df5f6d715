//! What operators and bearers do: each act, its event and the next revision are one transaction.

use super::{
    ApiTokenRow, BindingRow, Change, EventRow, MemberRow, NamespaceRow, RevocationRow, Store,
    StoreError, Transaction, api_tokens, bindings, inbox, members, namespaces, refresh_tokens,
    revision, revocations,
};

/// One thing that an operator does, or the bearer of a secret.
#[derive(Clone, Debug)]
pub enum Act {
    /// Puts somebody into a group.
    AddMember(MemberRow),
    /// Says what an issuer's name stands for from now on; the same again is no change.
    Bind(BindingRow),
    /// Makes an API token.
    CreateApiToken(ApiTokenRow),
    /// Takes somebody out of the inbox.
    Dismiss {
        /// The issuer's name.
        issuer: String,
        /// The immutable id.
        identity: String,
    },
    /// Takes back a revocation.
    LiftRevocation {
        /// Its kind.
        kind: String,
        /// Its issuer.
        issuer: String,
        /// Its value.
        value: String,
    },
    /// Takes somebody out of a group.
    RemoveMember {
        /// The group.
        group_name: String,
        /// The issuer's name.
        issuer: String,
        /// The immutable id.
        identity: String,
    },
    /// Ends logins. One that stands already keeps its time if it is a withdrawn
    /// key's, and takes the new one else, if that is later.
    Revoke(RevocationRow),
    /// Ends an API token.
    RevokeApiToken {
        /// Its id.
        id: String,
        /// When, in milliseconds since 1970.
        at_ms: i64,
    },
    /// Ends one refresh token; its session stays.
    RevokeRefreshToken {
        /// The hash of the secret.
        hash: String,
    },
    /// Gives a namespace to another owner.
    Transfer(NamespaceRow),
    /// Notes that an issuer is configured no longer. What its name stood for stays:
    /// whoever is given the name later does not inherit its members.
    Unbind {
        /// The issuer's name.
        issuer: String,
    },
}

impl Store {
    /// Carries out acts and writes their event, all or nothing. Says how many
    /// rows changed; where none did, nothing is written, not even the event.
    ///
    /// Each change counts up [`Store::revision`] and tells other replicas.
    ///
    /// # Errors
    ///
    /// When the database refuses it.
    pub async fn act(&self, acts: &[Act], event: &EventRow) -> Result<u64, StoreError> {
        let mut attempts = 3;
        loop {
            attempts -= 1;
            match self.act_once(acts, event).await {
                // A replica's commit had the rows in another order.
                Err(error) if error.is_transient() && attempts > 0 => {}
                result => return result,
            }
        }
    }

    async fn act_once(&self, acts: &[Act], event: &EventRow) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        // First, so that operators' acts come one after the other.
        revision::count_up(&mut transaction).await?;
        let mut changed = 0;
        for act in acts {
            changed += act.carry_out(&mut transaction).await?;
        }
        if changed > 0 {
            let insert = Change::from(event.clone());
            transaction.write(&[insert]).await?;
            revision::tell(&mut transaction).await?;
            transaction.commit().await?;
        }
        Ok(changed)
    }
}

impl Act {
    /// Says how many rows changed.
    async fn carry_out(&self, transaction: &mut Transaction) -> Result<u64, StoreError> {
        match self {
            Self::AddMember(row) => transaction.execute(&members::ADD, &row.values()).await,
            Self::Bind(row) => transaction.execute(&bindings::BIND, &row.values()).await,
            Self::CreateApiToken(row) => {
                transaction
                    .execute(&api_tokens::INSERT, &row.values())
                    .await
            }
            Self::Dismiss { issuer, identity } => {
                let key = [issuer.into(), identity.into()];
                transaction.execute(&inbox::DISMISS, &key).await
            }
            Self::LiftRevocation {
                kind,
                issuer,
                value,
            } => {
                let key = [kind.into(), issuer.into(), value.into()];
                transaction.execute(&revocations::LIFT, &key).await
            }
            Self::RemoveMember {
                group_name,
                issuer,
                identity,
            } => {
                let key = [group_name.into(), issuer.into(), identity.into()];
                transaction.execute(&members::REMOVE, &key).await
            }
            Self::Revoke(row) => {
                transaction
                    .execute(&revocations::REVOKE, &row.values())
                    .await
            }
            Self::RevokeApiToken { id, at_ms } => {
                let revocation = [id.into(), (*at_ms).into()];
                transaction.execute(&api_tokens::REVOKE, &revocation).await
            }
            Self::RevokeRefreshToken { hash } => {
                transaction
                    .execute(&refresh_tokens::REVOKE, &[hash.into()])
                    .await
            }
            Self::Transfer(row) => {
                transaction
                    .execute(&namespaces::TRANSFER, &row.values())
                    .await
            }
            Self::Unbind { issuer } => {
                transaction
                    .execute(&bindings::UNBIND, &[issuer.into()])
                    .await
            }
        }
    }
}
