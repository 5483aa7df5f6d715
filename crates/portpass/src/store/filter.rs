//! Which rows of a table operators look at.

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
