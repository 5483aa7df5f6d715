//! Rows that the tests write.

use portpass::store::{
    ApiTokenRow, BindingRow, Conditions, EventRow, IdentityRow, InboxRow, MemberRow, NamespaceRow,
    RefreshTokenRow, RevocationRow, RowFilter, SealedExchange, SessionRow, SessionUse, Store,
    Verdict,
};

/// All rows, up to more than there are.
pub(super) fn all() -> RowFilter {
    RowFilter {
        limit: 10_000,
        ..RowFilter::default()
    }
}

pub(super) fn event(id: &str, at_ms: i64) -> EventRow {
    EventRow {
        id: id.to_owned(),
        at_ms,
        last_ms: at_ms,
        count: 1,
        kind: "token".to_owned(),
        reason: None,
        decision: Some("d".to_owned()),
        login: Some("l".to_owned()),
        registry: Some("prod".to_owned()),
        issuer: Some("github".to_owned()),
        identity: Some("74".to_owned()),
        body: "{}".to_owned(),
    }
}

pub(super) fn session(login: &str) -> SessionRow {
    SessionRow {
        login: login.to_owned(),
        issuer: "github".to_owned(),
        identity: "74".to_owned(),
        name: "acme/web".to_owned(),
        run: Some("17".to_owned()),
        binding: "b".to_owned(),
        signing_key: "k".to_owned(),
        issued_ms: 1_000,
        expires_ms: 2_000,
        opened_ms: 1_500,
        ends_ms: 9_000,
        prune_ms: 10_000,
        last_used_ms: 1_500,
        uses: 1,
        networks: r#"["192.0.2.0/24"]"#.to_owned(),
        claims: r#"{"iss":"https://issuer.example"}"#.to_owned(),
        provider: None,
        sealed: None,
    }
}

pub(super) fn refresh_token(hash: &str, login: &str) -> RefreshTokenRow {
    RefreshTokenRow {
        hash: hash.to_owned(),
        login: login.to_owned(),
        registry: "prod".to_owned(),
        created_ms: 1_500,
    }
}

pub(super) fn identity(id: &str, name: &str, at_ms: i64) -> IdentityRow {
    IdentityRow {
        issuer: "github".to_owned(),
        identity: id.to_owned(),
        name: name.to_owned(),
        names: String::new(),
        first_ms: at_ms,
        last_ms: at_ms,
    }
}

pub(super) fn waiting(id: &str, asked: &str, at_ms: i64) -> InboxRow {
    InboxRow {
        issuer: "github".to_owned(),
        identity: id.to_owned(),
        name: "acme/web".to_owned(),
        registry: "prod".to_owned(),
        asked: asked.to_owned(),
        facts: "{}".to_owned(),
        count: 1,
        first_ms: at_ms,
        last_ms: at_ms,
    }
}

pub(super) fn namespace(name: &str, owner: &str) -> NamespaceRow {
    NamespaceRow {
        registry: "prod".to_owned(),
        namespace: name.to_owned(),
        issuer: "github".to_owned(),
        owner: owner.to_owned(),
        name: "acme/web".to_owned(),
        since_ms: 1_500,
    }
}

pub(super) fn member(identity: &str) -> MemberRow {
    MemberRow {
        group_name: "push".to_owned(),
        issuer: "github".to_owned(),
        identity: identity.to_owned(),
        added_ms: 1_500,
        actor: "alice".to_owned(),
    }
}

pub(super) fn revocation(kind: &str, value: &str, at_ms: i64) -> RevocationRow {
    RevocationRow {
        kind: kind.to_owned(),
        issuer: "github".to_owned(),
        value: value.to_owned(),
        at_ms,
        actor: "alice".to_owned(),
    }
}

pub(super) fn binding(binding: &str) -> BindingRow {
    BindingRow {
        issuer: "github".to_owned(),
        binding: binding.to_owned(),
        kind: "github-actions".to_owned(),
        iss: "[]".to_owned(),
        source: "discovery".to_owned(),
        bound_ms: 1_500,
        actor: "portpass".to_owned(),
    }
}

pub(super) fn api_token(id: &str) -> ApiTokenRow {
    ApiTokenRow {
        id: id.to_owned(),
        name: "mirror".to_owned(),
        hash: format!("hash of {id}"),
        group_name: "robots".to_owned(),
        pull: r#"["**"]"#.to_owned(),
        push: "[]".to_owned(),
        deletes: "[]".to_owned(),
        created_ms: 1_500,
        actor: "alice".to_owned(),
        expires_ms: Some(9_000),
        revoked_ms: None,
        last_used_ms: None,
        last_network: None,
    }
}

/// Another use of a session that is known to be stored.
pub(super) fn uses(login: &str) -> Conditions {
    Conditions {
        session: Some(SessionUse {
            login: login.to_owned(),
            open: None,
            used_ms: 2_500,
            networks: None,
            max_uses: None,
            opens_it: false,
            sealed: None,
        }),
        ..Conditions::default()
    }
}

/// A use of a session that is not known to be stored.
pub(super) fn opens(login: &str) -> Conditions {
    let mut conditions = uses(login);
    if let Some(session) = &mut conditions.session {
        session.open = Some(Box::new(self::session(login)));
    }
    conditions
}

/// A use that opens a person's session.
pub(super) fn opens_with(login: &str, sealed: &str) -> Conditions {
    let mut conditions = opens(login);
    if let Some(SessionUse {
        open: Some(row), ..
    }) = &mut conditions.session
    {
        row.sealed = Some(sealed.to_owned());
    }
    conditions
}

/// A use that exchanged the provider's refresh token on the way.
pub(super) fn exchanges(login: &str, old: &str, new: &str) -> Conditions {
    let mut conditions = uses(login);
    if let Some(session) = &mut conditions.session {
        session.sealed = Some(SealedExchange {
            old: old.to_owned(),
            new: new.to_owned(),
        });
    }
    conditions
}

/// Claims of one who is in the store already.
pub(super) fn claims(name: &str, owner: &str) -> Conditions {
    Conditions {
        claims: vec![namespace(name, owner)],
        ..Conditions::default()
    }
}

/// Settles a batch and commits it.
pub(super) async fn settle(store: &Store, batch: &[Conditions]) -> Vec<Verdict> {
    let batch: Vec<_> = batch.iter().collect();
    let mut transaction = store.begin().await.unwrap();
    let verdicts = transaction.settle(&batch).await.unwrap();
    transaction.commit().await.unwrap();
    verdicts
}

pub(super) fn kept(uses: Option<i64>) -> Verdict {
    Verdict::Kept {
        refresh_token: false,
        uses,
        sealed: None,
    }
}

/// A use that stands, after which this is the provider's refresh token.
pub(super) fn resealed(uses: i64, sealed: &str) -> Verdict {
    Verdict::Kept {
        refresh_token: false,
        uses: Some(uses),
        sealed: Some(sealed.to_owned()),
    }
}
