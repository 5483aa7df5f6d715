//! Passwordless access to container registries.
//!
//! One request travels through these folders, front to back. [`portpass`] is
//! the whole journey in one function.
//!
//! ```text
//! http → credential → identity → decision → token → audit → http
//! ```

pub mod http;

pub mod credential;

pub mod identity;

pub mod decision;

pub mod token;

pub mod audit;

pub mod relay;

pub mod session;
pub mod standing;
pub mod store;

pub mod answer;
pub mod introspect;
pub mod portpass;
pub mod refused;
pub mod revoke;

pub mod admin;
mod bounded;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
mod doctor;
pub mod event_id;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod limits;
pub mod lint;
pub mod metrics;
mod outbound;
pub mod registry;
pub mod replay;
pub mod short_id;
pub mod snapshot;
pub mod telemetry;
pub mod trial;
