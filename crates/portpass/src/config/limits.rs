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
    /// How many connections are open at once; more wait to be accepted.
    pub connections: Number<1, 1_000_000>,
    /// The longest header of a request, all fields together, in bytes. Basic
    /// credentials carry a JWT and a third on top.
    pub header_max_bytes: Number<16_384, 1_048_576>,
    /// How long a client may take to send the header of a request.
    pub header_timeout: Period<1, 300>,
    /// How long a request may take in all. Docker gives up after 15 seconds.
    pub request_timeout: Period<1, 300>,
    /// How many requests one identity may make in a minute, under all its
    /// logins; beyond that it is told to wait (429).
    pub requests_per_identity_per_minute: Number<1, 6_000_000>,
    /// How long a server that is told to stop finishes what it has begun.
    pub shutdown_timeout: Period<0, 3600>,
    /// How many requests with a credential that is not accepted one address
    /// (IPv6: one /64) may make in a minute; beyond that such requests are told
    /// to wait (429). Callers who prove who they are never wait for it.
    pub unproven_per_address_per_minute: Number<1, 6_000_000>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_max_bytes: Number::of(128 * 1024),
            connections: Number::of(4096),
            header_max_bytes: Number::of(64 * 1024),
            header_timeout: Period::seconds(10),
            request_timeout: Period::seconds(14),
            requests_per_identity_per_minute: Number::of(600),
            shutdown_timeout: Period::seconds(30),
            unproven_per_address_per_minute: Number::of(60),
        }
    }
}
