//! What is taken from the environment: one secret for commands, and the variables
//! of the shim that we stand in for.

use super::{SecretText, shim::TOKEN_URL};

/// The variable with the token for a server's admin API.
const ADMIN_TOKEN: &str = "PORTPASS_ADMIN_TOKEN";

/// The token in `PORTPASS_ADMIN_TOKEN`, for commands that speak to a server
/// over TCP; nothing if it is not set, empty or no text.
pub fn admin_token() -> Option<SecretText> {
    variable(ADMIN_TOKEN).map(SecretText::from)
}

/// Whether the variables of the shim stand for a file.
pub(super) fn has_token_url() -> bool {
    variable(TOKEN_URL).is_some()
}

/// A variable's text; nothing if it is not set, empty or no text.
#[expect(
    clippy::disallowed_methods,
    reason = "a CI system hands secrets to commands in the environment, and the shim had no file"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    let text = std::env::var(name).ok()?;
    (!text.is_empty()).then_some(text)
}
