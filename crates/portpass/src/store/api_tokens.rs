//! The `api_tokens` table.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    ApiTokenUse, Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};

/// A robot's secret, hashed, and what it may do.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct ApiTokenRow {
    /// Its id.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// The hash of the secret.
    pub hash: String,
    /// The operators' group.
    pub group_name: String,
    /// A JSON list of patterns.
    pub pull: String,
    /// A JSON list of patterns.
    pub push: String,
    /// A JSON list of patterns.
    pub deletes: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// Who did it.
    pub actor: String,
    /// When it expires, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
    /// When it was revoked, in milliseconds since 1970.
    pub revoked_ms: Option<i64>,
    /// When it was last used, in milliseconds since 1970.
    pub last_used_ms: Option<i64>,
    /// From which network it was last used.
    pub last_network: Option<String>,
}

pub(super) const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "hash",
    "group_name",
    "pull",
    "push",
    "deletes",
    "created_ms",
    "actor",
    "expires_ms",
    "revoked_ms",
    "last_used_ms",
    "last_network",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("api_tokens", &COLUMNS, ""));

pub(super) static REVOKE: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE api_tokens SET revoked_ms = v.column2 FROM (VALUES ",
        2,
        ") AS v WHERE api_tokens.id = v.column1 AND api_tokens.revoked_ms IS NULL",
    )
});

static LOCK: LazyLock<Batched> = LazyLock::new(|| Batched::lock("id", "api_tokens", &["id"]));

static USE: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE api_tokens SET last_used_ms = v.column2, last_network = v.column3 FROM (VALUES ",
        3,
        ") AS v WHERE api_tokens.id = v.column1 \
         AND COALESCE(api_tokens.last_used_ms, 0) <= v.column2",
    )
});

impl ApiTokenRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.id).into(),
            (&self.name).into(),
            (&self.hash).into(),
            (&self.group_name).into(),
            (&self.pull).into(),
            (&self.push).into(),
            (&self.deletes).into(),
            self.created_ms.into(),
            (&self.actor).into(),
            self.expires_ms.into(),
            self.revoked_ms.into(),
            self.last_used_ms.into(),
            (&self.last_network).into(),
        ]
    }
}

impl Store {
    /// Every API token, revoked and expired ones too, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM api_tokens ORDER BY created_ms DESC, id DESC",
        );
        Ok(on_db!(read self, |pool| sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// The API token of a hash.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn api_token(&self, hash: &str) -> Result<Option<ApiTokenRow>, StoreError> {
        let sql = select(&COLUMNS, "FROM api_tokens WHERE hash = $1");
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql).bind(hash).fetch_optional(pool).await?
        }))
    }
}

/// Keeps when each was last used, and from where.
pub(super) async fn note_uses(
    transaction: &mut Transaction,
    uses: &[&ApiTokenUse],
) -> Result<(), StoreError> {
    let mut latest = BTreeMap::new();
    for used in uses {
        let known = latest.entry(&used.id).or_insert(*used);
        if known.used_ms <= used.used_ms {
            *known = used;
        }
    }
    let ids: Vec<Value<'_>> = latest.keys().map(|id| Value::from(*id)).collect();
    transaction.fetch::<(String,)>(&LOCK, &ids).await?;
    let values: Vec<Value<'_>> = latest
        .values()
        .flat_map(|used| {
            [
                (&used.id).into(),
                used.used_ms.into(),
                (&used.network).into(),
            ]
        })
        .collect();
    transaction.execute(&USE, &values).await?;
    Ok(())
}
