//! What operators ask of a running server, over a Unix socket.
//!
//! The command line speaks to it, so that the server stays the only writer.
//! Every change leaves an event with the peer's uid. Another question is a
//! route here and a method on [`Client`].

mod client;
mod socket;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

pub use self::{
    client::{Client, ClientError},
    socket::{Socket, SocketError},
};
use crate::{
    audit::Event,
    portpass::Portpass,
    store::{EventFilter, Store},
    token::KeyCommand,
};

/// The most events in one answer.
pub const MAX_EVENTS: u32 = 10_000;

/// What the operators' handlers hold.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The journey, for its clock, journal and signer.
    pub portpass: Arc<Portpass>,
    /// Where events are read.
    pub store: Store,
    /// Asks for the configuration to be read again.
    pub reload: mpsc::Sender<()>,
}

/// Who is at the other end of the socket, as the system vouches for it.
#[derive(Clone, Copy, Debug)]
struct Peer {
    uid: u32,
}

/// Which events to list, as the query of `GET /events`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// Only events after this one, by id; then the oldest come first.
    pub after: Option<String>,
    /// Only events of this decision.
    pub decision: Option<String>,
    /// Only events of this identity.
    pub identity: Option<String>,
    /// Only events of this issuer.
    pub issuer: Option<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// At most so many; the newest, if there are more.
    pub limit: Option<u32>,
    /// Only events of this login.
    pub login: Option<String>,
    /// Only events for this registry.
    pub registry: Option<String>,
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
}

/// How many events are listed when nobody says.
const DEFAULT_EVENTS: u32 = 100;

impl EventQuery {
    /// The query as a query string.
    fn encode(&self) -> Result<String, serde_json::Error> {
        let fields = serde_json::to_value(self)?;
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.as_object().into_iter().flatten() {
            match value {
                Value::Null => {}
                Value::String(text) => drop(encoded.append_pair(name, text)),
                other => drop(encoded.append_pair(name, &other.to_string())),
            }
        }
        Ok(encoded.finish())
    }

    /// The events that the query is for, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn run(self, store: &Store) -> Result<Vec<Event>, crate::store::StoreError> {
        let limit = self.limit.unwrap_or(DEFAULT_EVENTS).min(MAX_EVENTS);
        let filter = EventFilter {
            after: self.after,
            decision: self.decision,
            identity: self.identity,
            issuer: self.issuer,
            kind: self.kind,
            login: self.login,
            registry: self.registry,
            since_ms: self.since.map(Timestamp::as_millisecond),
        };
        let rows = store.events(&filter, limit).await?;
        Ok(rows.into_iter().map(Event::from).collect())
    }
}

fn router(admin: Admin) -> Router {
    Router::new()
        .route("/events", get(events))
        .route("/keys", post(keys))
        .route("/reload", post(reload))
        .with_state(admin)
}

async fn events(
    State(admin): State<Admin>,
    Query(query): Query<EventQuery>,
) -> Result<Json<Vec<Event>>, Failure> {
    Ok(Json(query.run(&admin.store).await?))
}

async fn keys(
    State(admin): State<Admin>,
    Extension(peer): Extension<Peer>,
    Json(command): Json<KeyCommand>,
) -> Result<Json<crate::token::KeyAnswer>, Failure> {
    let now = admin.portpass.clock.now();
    let recorded = command.changes_keys().then(|| json!(command));
    // Keys are made and written to the disk: not on a thread that serves.
    let portpass = Arc::clone(&admin.portpass);
    let answer =
        tokio::task::spawn_blocking(move || portpass.signer.execute(command, now)).await??;
    if let Some(detail) = recorded {
        let actor = format!("uid {}", peer.uid);
        let journal = &admin.portpass.journal;
        journal.record_operator(&actor, "keys", detail, now).await?;
    }
    Ok(Json(answer))
}

async fn reload(
    State(admin): State<Admin>,
    Extension(peer): Extension<Peer>,
) -> Result<StatusCode, Failure> {
    let now = admin.portpass.clock.now();
    let actor = format!("uid {}", peer.uid);
    admin
        .portpass
        .journal
        .record_operator(&actor, "reload", Value::Null, now)
        .await?;
    admin.reload.send(()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Why an operator's request failed: operators may read all of it.
struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({ "error": format!("{:#}", self.0) });
        (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
    }
}
