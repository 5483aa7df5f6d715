//! A person's user name and password, which only an identity provider can judge.

use std::fmt;

use crate::config::SecretText;

/// A user name and a password of no shape that is known here.
#[derive(Clone)]
pub struct Password {
    user: String,
    secret: SecretText,
}

impl Password {
    pub(super) fn new(user: &str, secret: &str) -> Self {
        Self {
            user: user.to_owned(),
            secret: secret.to_owned().into(),
        }
    }

    /// The user name, as it came: nothing says that it is theirs.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    pub fn secret(&self) -> &SecretText {
        &self.secret
    }
}

/// Without the user name: people type their passwords there.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
