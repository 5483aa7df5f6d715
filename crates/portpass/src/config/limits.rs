//! `[limits]`: how much anybody may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{number::Number, period::Period};

/// How much anybody may ask, of one server.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The longest body of a request, in bytes. It holds a JWT, which is 16
    /// KiB at most.
    pub body_max_bytes: Number<16_384, 16_777_216>,
    /// How long a client may take to send the body of a request.
    pub body_timeout: Period<1, 300>,
    /// How many connections are open at once; more wait to be accepted.
    pub connections: Number<1, 1_000_000>,
    /// How many of them may come from one address (IPv6: one /64); more are
    /// closed at once. Proxies in `trusted_proxies` may have all of them.
    pub connections_per_address: Number<1, 1_000_000>,
    /// The longest header of a request, all fields together, in bytes. Basic
    /// credentials carry a JWT and a third on top.
    pub header_max_bytes: Number<16_384, 1_048_576>,
    /// How long a client may take to send the header of a request.
    pub header_timeout: Period<1, 300>,
    /// How long the answer to whoever asked too often (429) is held back: a
    /// client that asks in a loop slows itself down.
    pub limited_answer_delay: Period<0, 10>,
    /// How long a request may take in all. Docker gives up after 15 seconds.
    pub request_timeout: Period<1, 300>,
    /// How many requests one identity may make in a minute, under all its
    /// logins; beyond that it is told to wait (429).
    ///
    /// With a `[relay]` that serves anonymous callers, those of one address may
    /// make as many.
    pub requests_per_identity_per_minute: Number<1, 6_000_000>,
    /// How many sessions one identity may open in an hour: logins with a JWT
    /// that was not shown before. Beyond that it is told to wait (429).
    pub sessions_per_identity_per_hour: Number<1, 1_000_000>,
    /// How long a server that is told to stop finishes what it has begun.
    pub shutdown_timeout: Period<0, 3600>,
    /// How many requests with a credential that is not accepted one address
    /// (IPv6: one /64) may make in a minute; beyond that such requests are told
    /// to wait (429). Callers who prove who they are never wait for it, except
    /// where an identity provider alone can tell: people's passwords, and JWTs
    /// with `trust_provider`.
    pub unproven_per_address_per_minute: Number<1, 6_000_000>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_max_bytes: Number::of(128 * 1024),
            body_timeout: Period::seconds(10),
            connections: Number::of(4096),
            connections_per_address: Number::of(512),
            header_max_bytes: Number::of(64 * 1024),
            header_timeout: Period::seconds(10),
            limited_answer_delay: Period::seconds(1),
            request_timeout: Period::seconds(14),
            requests_per_identity_per_minute: Number::of(600),
            sessions_per_identity_per_hour: Number::of(2000),
            shutdown_timeout: Period::seconds(30),
            unproven_per_address_per_minute: Number::of(60),
        }
    }
}
