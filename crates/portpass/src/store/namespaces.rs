//! The `namespaces` table.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    RowFilter, Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};

/// A rendered name and who owns it.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct NamespaceRow {
    /// The registry's name.
    pub registry: String,
    /// The rendered name.
    pub namespace: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id that owns it.
    pub owner: String,
    /// What people know it by.
    pub name: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

pub(super) const COLUMNS: [&str; 6] = [
    "registry",
    "namespace",
    "issuer",
    "owner",
    "name",
    "since_ms",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("namespaces", &COLUMNS, ""));

pub(super) static TRANSFER: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "namespaces",
        &COLUMNS,
        " ON CONFLICT (registry, namespace) DO UPDATE SET issuer = excluded.issuer, \
         owner = excluded.owner, name = excluded.name, since_ms = excluded.since_ms \
         WHERE namespaces.issuer <> excluded.issuer OR namespaces.owner <> excluded.owner",
    )
});

static CLAIM: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "namespaces",
        &COLUMNS,
        " ON CONFLICT DO NOTHING RETURNING registry, namespace",
    )
});

static OWNERS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "SELECT registry, namespace, issuer, owner, name, since_ms FROM namespaces \
         WHERE (registry, namespace) IN (VALUES ",
        2,
        ")",
    )
});

static GIVE_UP: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "DELETE FROM namespaces WHERE (registry, namespace) IN (VALUES ",
        2,
        ")",
    )
});

impl TryFrom<&Row<'_>> for NamespaceRow {
    type Error = rusqlite::Error;

    fn try_from(row: &Row<'_>) -> Result<Self, Self::Error> {
        Ok(Self {
            registry: row.get("registry")?,
            namespace: row.get("namespace")?,
            issuer: row.get("issuer")?,
            owner: row.get("owner")?,
            name: row.get("name")?,
            since_ms: row.get("since_ms")?,
        })
    }
}

impl NamespaceRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.registry).into(),
            (&self.namespace).into(),
            (&self.issuer).into(),
            (&self.owner).into(),
            (&self.name).into(),
            self.since_ms.into(),
        ]
    }

    fn key(&self) -> (String, String) {
        (self.registry.clone(), self.namespace.clone())
    }

    fn is_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.owner == other.owner
    }
}

impl Store {
    /// Namespaces and their owners, by name.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn namespaces(&self, filter: &RowFilter) -> Result<Vec<NamespaceRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM namespaces WHERE ($1 IS NULL OR registry = $1) AND \
             ($2 IS NULL OR issuer = $2) AND ($3 IS NULL OR owner = $3) \
             ORDER BY registry, namespace LIMIT $4",
        );
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql)
                .bind(&filter.registry)
                .bind(&filter.issuer)
                .bind(&filter.identity)
                .bind(i64::from(filter.limit))
                .fetch_all(pool)
                .await?
        }))
    }

    /// The rows of some namespaces of a registry; those nobody owns are not in it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn owners(
        &self,
        registry: &str,
        namespaces: &[String],
    ) -> Result<Vec<NamespaceRow>, StoreError> {
        let mut rows = Vec::new();
        for namespace in namespaces {
            let sql = select(
                &COLUMNS,
                "FROM namespaces WHERE registry = $1 AND namespace = $2",
            );
            let row: Option<NamespaceRow> = on_db!(read self, |pool| {
                sqlx::query_as(sql).bind(registry).bind(namespace).fetch_optional(pool).await?
            });
            rows.extend(row);
        }
        Ok(rows)
    }
}

/// What some claims find, and what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Claims<'a> {
    of: BTreeMap<(String, String), Claim<'a>>,
}

#[derive(Debug)]
struct Claim<'a> {
    /// Whose it was before.
    found: Option<NamespaceRow>,
    /// The row that holds the place of a namespace that was nobody's.
    placed: &'a NamespaceRow,
    /// The first claim of it that stands.
    won: Option<&'a NamespaceRow>,
}

impl<'a> Claims<'a> {
    /// Puts a row where there is none, so that nobody else can, and reads those
    /// that are there.
    pub(super) async fn place(
        transaction: &mut Transaction,
        claims: impl Iterator<Item = &'a NamespaceRow>,
    ) -> Result<Self, StoreError> {
        let mut of = BTreeMap::new();
        for placed in claims {
            let claim = Claim {
                found: None,
                placed,
                won: None,
            };
            of.entry(placed.key()).or_insert(claim);
        }
        let values: Vec<Value<'_>> = of
            .values()
            .flat_map(|claim| claim.placed.values())
            .collect();
        let new: HashSet<(String, String)> = transaction
            .fetch(&CLAIM, &values)
            .await?
            .into_iter()
            .collect();
        let known: Vec<Value<'_>> = of
            .iter()
            .filter(|(key, _)| !new.contains(key))
            .flat_map(|(_, claim)| claim.placed.values().into_iter().take(2))
            .collect();
        for row in transaction.fetch::<NamespaceRow>(&OWNERS, &known).await? {
            if let Some(claim) = of.get_mut(&row.key()) {
                claim.found = Some(row);
            }
        }
        Ok(Self { of })
    }

    /// The first of these claims that finds somebody else.
    pub(super) fn overtaken(&self, claims: &'a [NamespaceRow]) -> Option<&'a NamespaceRow> {
        claims.iter().find(|row| {
            let claim = self.of.get(&row.key());
            let owner = claim.and_then(|claim| claim.found.as_ref().or(claim.won));
            owner.is_some_and(|owner| !owner.is_of(row))
        })
    }

    /// Notes claims that stand.
    pub(super) fn win(&mut self, claims: &'a [NamespaceRow]) {
        for row in claims {
            if let Some(claim) = self.of.get_mut(&row.key()) {
                claim.won.get_or_insert(row);
            }
        }
    }

    /// Takes back the rows of claims that do not stand.
    pub(super) async fn finish(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let wrong = self.of.values().filter(|claim| {
            claim.found.is_none() && claim.won.is_none_or(|won| !std::ptr::eq(won, claim.placed))
        });
        let (mut placed, mut won) = (Vec::new(), Vec::new());
        for claim in wrong {
            placed.extend(claim.placed.values().into_iter().take(2));
            won.extend(claim.won.into_iter().flat_map(NamespaceRow::values));
        }
        transaction.execute(&GIVE_UP, &placed).await?;
        transaction.execute(&INSERT, &won).await?;
        Ok(())
    }
}
