//! Every route of the admin API, in one table.

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::{Query, RawPathParams, State},
    http::{Request, Uri},
    routing::{MethodFilter, MethodRouter, get, on},
};
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{
    AddMember, ApiTokens, Approve, Backup, CreateApiToken, Dismiss, EventQuery, Explain, Export,
    Groups, Identities, Inbox, Issuers, Members, Namespaces, Question, Rebind, Reload,
    RemoveMember, RestoreKey, RevokeApiToken, RevokeKey, RevokeSessions, Sessions, Transfer, Verb,
    actor::Actor, backup, desk::Desk, failure::Failure, host::Admin, openapi,
};
use crate::token::KeyCommand;

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// One route.
pub(super) struct Route {
    pub(super) verb: Verb,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// What the question is called.
    pub(super) name: String,
    /// The fields of the question.
    pub(super) question: fn(&mut SchemaGenerator) -> Schema,
    pub(super) answer: Answers,
    mount: fn() -> MethodRouter<Admin>,
}

/// What a route answers with.
pub(super) enum Answers {
    /// One JSON value.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// A line of JSON after the other.
    Lines,
    /// The document about all routes.
    Document,
}

impl Route {
    fn of<Q: Question>() -> Self {
        Self {
            verb: Q::VERB,
            path: Q::PATH,
            summary: Q::SUMMARY,
            name: Q::schema_name().into_owned(),
            question: Q::json_schema,
            answer: Answers::Json(SchemaGenerator::subschema_for::<Q::Answer>),
            mount: || {
                let filter = match Q::VERB {
                    Verb::Delete => MethodFilter::DELETE,
                    Verb::Get => MethodFilter::GET,
                    Verb::Post => MethodFilter::POST,
                };
                on(filter, answer::<Q>)
            },
        }
    }
}

/// The routes, by path.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route {
            verb: Verb::Get,
            path: backup::PATH,
            summary: "A consistent copy of the store, while others write to it.",
            name: "Backup".to_owned(),
            question: Backup::json_schema,
            answer: Answers::Lines,
            mount: || get(backup::stream),
        },
        Route::of::<EventQuery>(),
        Route::of::<Explain>(),
        Route::of::<Groups>(),
        Route::of::<Members>(),
        Route::of::<AddMember>(),
        Route::of::<RemoveMember>(),
        Route::of::<Identities>(),
        Route::of::<Approve>(),
        Route::of::<Dismiss>(),
        Route::of::<Export>(),
        Route::of::<Inbox>(),
        Route::of::<Issuers>(),
        Route::of::<RestoreKey>(),
        Route::of::<RevokeKey>(),
        Route::of::<Rebind>(),
        Route::of::<KeyCommand>(),
        Route::of::<Namespaces>(),
        Route::of::<Transfer>(),
        Route {
            verb: Verb::Get,
            path: "/openapi.json",
            summary: "This document.",
            name: "OpenApi".to_owned(),
            question: |_| Schema::default(),
            answer: Answers::Document,
            mount: || get(async || Json(openapi::document())),
        },
        Route::of::<Reload>(),
        Route::of::<Sessions>(),
        Route::of::<RevokeSessions>(),
        Route::of::<ApiTokens>(),
        Route::of::<CreateApiToken>(),
        Route::of::<RevokeApiToken>(),
    ]
}

/// Everything that operators may ask; who asks stands beside the request.
pub(super) fn router(admin: Admin) -> Router {
    let nowhere = async || Failure::Unknown("there is no such path; see /openapi.json".to_owned());
    routes()
        .into_iter()
        .fold(Router::new(), |router, route| {
            router.route(route.path, (route.mount)())
        })
        .fallback(nowhere)
        .with_state(admin)
}

async fn answer<Q: Question>(
    State(admin): State<Admin>,
    Extension(actor): Extension<Actor>,
    path: RawPathParams,
    request: Request<Body>,
) -> Result<Json<Q::Answer>, Failure> {
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let question: Q = read(path.collect(), request).await?;
    let desk = Desk::new(admin, actor);
    // A task of its own: whoever hangs up must not leave a change that is stored
    // and not in force, or done and not recorded.
    let answer = tokio::spawn(async move { question.answer(&desk).await }).await;
    let answer = answer.map_err(|error| Failure::Broken(error.into()))?;
    Ok(Json(answer?))
}

/// A question from the path and the query, or the path and the body.
async fn read<Q: Question>(
    path: Vec<(String, String)>,
    request: Request<Body>,
) -> Result<Q, Failure> {
    let unread = |error: &dyn std::fmt::Display| Failure::Malformed(error.to_string());
    match Q::VERB {
        Verb::Delete | Verb::Get => {
            let query = request.uri().query().unwrap_or_default();
            let mut fields = form_urlencoded::Serializer::new(String::new());
            fields
                .extend_pairs(path)
                .extend_pairs(form_urlencoded::parse(query.as_bytes()));
            let uri: Uri = format!("/?{}", fields.finish())
                .parse()
                .map_err(|error: axum::http::uri::InvalidUri| unread(&error))?;
            match Query::try_from_uri(&uri) {
                Ok(Query(question)) => Ok(question),
                Err(rejection) => Err(unread(&rejection.body_text())),
            }
        }
        Verb::Post => {
            let body = to_bytes(request.into_body(), MAX_BODY_BYTES).await;
            let body = body.map_err(|error| unread(&error))?;
            let mut fields = if body.is_empty() {
                Map::new()
            } else {
                serde_json::from_slice(&body).map_err(|error| unread(&error))?
            };
            fields.extend(path.into_iter().map(|(name, value)| (name, value.into())));
            serde_json::from_value(Value::Object(fields)).map_err(|error| unread(&error))
        }
    }
}
