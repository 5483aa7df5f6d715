//! Whom a JWT would be about, if its signature were right.

use jiff::Timestamp;

use super::Directory;
use crate::{
    credential::UnverifiedJwt,
    identity::{Stranger, Supposed},
};

impl Directory {
    /// Reads a JWT without checking its signature; nobody is asked for keys.
    ///
    /// Where several issuers have its `iss`, it is the one whose tenant it is
    /// of. What else is wrong with it stands in [`Supposed::wrong`].
    ///
    /// # Errors
    ///
    /// When it is no issuer's, or its claims are not those of its platform.
    pub fn suppose(&self, _jwt: &UnverifiedJwt, _now: Timestamp) -> Result<Supposed, Stranger> {
        todo!()
    }
}
