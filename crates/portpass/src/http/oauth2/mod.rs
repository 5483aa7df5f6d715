//! Portpass in place of an identity provider: its OAuth 2 endpoints.
//!
//! A token request is read here, in the words of RFC 6749, RFC 7523 and RFC
//! 8693, and goes the same way as one at `/token`: [`Caller::answer`]. Another
//! grant is a variant of [`grant::GrantType`](grant).

mod form;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod grant;
mod introspect;
mod metadata;
mod revoke;
mod scope;
mod target;
mod token;

pub(super) use self::{introspect::introspect, metadata::metadata, revoke::revoke, token::token};

use self::form::Form;
use super::caller::Caller;
