//! What operators look at, and what is read to be kept in memory.

use super::{
    ApiTokenRow, BindingRow, IdentityRow, InboxRow, MemberRow, NamespaceRow, RefreshTokenRow,
    RevocationRow, SessionRow, Store, StoreError,
};

/// Which rows to list; what is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub struct RowFilter {
    /// Only of this issuer.
    pub issuer: Option<String>,
    /// Only of this identity (of a namespace: this owner).
    pub identity: Option<String>,
    /// Only of this login (sessions).
    pub login: Option<String>,
    /// Only of this run (sessions).
    pub run: Option<String>,
    /// Only of this registry (inbox, namespaces).
    pub registry: Option<String>,
    /// At most so many: the newest (inbox: the most wanting).
    pub limit: u32,
}

impl Store {
    /// Every member of every operators' group.
    pub async fn members(&self) -> Result<Vec<MemberRow>, StoreError> {
        todo!()
    }

    /// Every revocation.
    pub async fn revocations(&self) -> Result<Vec<RevocationRow>, StoreError> {
        todo!()
    }

    /// Every issuer's binding.
    pub async fn bindings(&self) -> Result<Vec<BindingRow>, StoreError> {
        todo!()
    }

    /// Every API token, revoked and expired ones too, newest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRow>, StoreError> {
        todo!()
    }

    /// The API token of a hash.
    pub async fn api_token(&self, _hash: &str) -> Result<Option<ApiTokenRow>, StoreError> {
        todo!()
    }

    /// The session of a login.
    pub async fn session(&self, _login: &str) -> Result<Option<SessionRow>, StoreError> {
        todo!()
    }

    /// A refresh token and its session.
    pub async fn refresh_token(
        &self,
        _hash: &str,
    ) -> Result<Option<(RefreshTokenRow, SessionRow)>, StoreError> {
        todo!()
    }

    /// Sessions, latest use first.
    pub async fn sessions(&self, _filter: &RowFilter) -> Result<Vec<SessionRow>, StoreError> {
        todo!()
    }

    /// Identities, latest seen first.
    pub async fn identities(&self, _filter: &RowFilter) -> Result<Vec<IdentityRow>, StoreError> {
        todo!()
    }

    /// Who waits for an operator, most refused first.
    pub async fn inbox(&self, _filter: &RowFilter) -> Result<Vec<InboxRow>, StoreError> {
        todo!()
    }

    /// Namespaces and their owners, by name.
    pub async fn namespaces(&self, _filter: &RowFilter) -> Result<Vec<NamespaceRow>, StoreError> {
        todo!()
    }

    /// The rows of some namespaces of a registry; those nobody owns are not in it.
    pub async fn owners(
        &self,
        _registry: &str,
        _namespaces: &[String],
    ) -> Result<Vec<NamespaceRow>, StoreError> {
        todo!()
    }
}
