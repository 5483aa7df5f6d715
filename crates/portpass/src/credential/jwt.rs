//! A JWT, read only far enough to learn whose key must prove it.

/// A password of the shape of a JWT: nothing of it is believed yet.
#[derive(Debug)]
pub struct UnverifiedJwt {}
