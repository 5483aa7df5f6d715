//! What secrets of ours are good for: remembered, or looked up a few at once.

use std::sync::Arc;

use super::{Standing, in_time, memory};
use crate::{
    credential::SecretHash,
    identity::ApiToken,
    session::Session,
    store::{Act, EventRow, StoreError},
};

/// How many secrets that memory does not know are looked up at once: anybody can
/// make some up, and the other connections are for those who prove who they are.
pub(super) const LOOKUPS: usize = 4;

/// The registry a refresh token is for, and its session.
#[derive(Clone, Debug)]
pub struct Refreshable {
    /// The registry's name.
    pub registry: Arc<str>,
    /// The login it goes on.
    pub session: Arc<Session>,
}

impl Standing {
    /// What a refresh token is good for.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn refresh_token(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<Refreshable>, StoreError> {
        let memory = self.memory.load_full();
        if let Some(refreshable) = memory.refreshable(hash) {
            return Ok(Some(refreshable));
        }
        let Some((token, row)) = self
            .look_up(self.store.refresh_token(hash.as_str()))
            .await?
        else {
            return Ok(None);
        };
        let refreshable = Refreshable {
            registry: token.registry.into(),
            session: Arc::new(Session::of(row)?),
        };
        Ok(Some(memory.keep_refreshable(hash, refreshable)))
    }

    /// The API token of this hash.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn api_token(&self, hash: &SecretHash) -> Result<Option<Arc<ApiToken>>, StoreError> {
        let memory = self.memory.load_full();
        if let Some(token) = memory.api_token(hash) {
            return Ok(Some(token));
        }
        let Some(row) = self.look_up(self.store.api_token(hash.as_str())).await? else {
            return Ok(None);
        };
        let weight = memory::of_api_token(&row);
        let token = Arc::new(ApiToken::of(row)?);
        memory.keep_api_token(hash, &token, weight);
        Ok(Some(token))
    }

    /// Ends a secret whose bearer gives it up, with its event: here at once, and
    /// on other replicas as soon as they hear of it.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn give_up(&self, act: Act, event: &EventRow) -> Result<(), StoreError> {
        // Should nobody wait for the end of this, the next request reads it.
        self.hearing.doubt();
        self.look_up(Box::pin(async {
            self.store.act(&[act], event).await?;
            // Also where it was ended before: it was remembered here until now.
            self.refresh().await
        }))
        .await
    }

    /// Looks a secret up, a few at once.
    async fn look_up<T>(
        &self,
        reading: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        in_time(async {
            let _turn = self.lookups.acquire().await;
            reading.await
        })
        .await
    }
}
