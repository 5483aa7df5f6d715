//! The server as its clients and its auditors see it. One file for each matter.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

mod admin;
mod anonymous;
mod answers;
mod app;
mod clients;
mod clock;
mod documents;
mod example;
mod explain;
mod http2;
mod journal;
mod layers;
mod limits;
mod oauth2;
mod offline_clients;
mod operators;
mod ops;
mod partial;
mod refusals;
mod relay;
mod rule_tests;
mod sessions;
mod shim;
mod sockets;
mod store;
mod threats;
