//! What is taken from the environment: one secret, and nothing else.

use super::SecretText;

/// The variable with the token for a server's admin API.
const ADMIN_TOKEN: &str = "PORTPASS_ADMIN_TOKEN";

/// The token in `PORTPASS_ADMIN_TOKEN`, for commands that speak to a server
/// over TCP; nothing if it is not set, empty or no text.
#[expect(
    clippy::disallowed_methods,
    reason = "a CI system hands secrets to commands in the environment"
)]
pub fn admin_token() -> Option<SecretText> {
    let text = std::env::var(ADMIN_TOKEN).ok()?;
    (!text.is_empty()).then(|| text.into())
}
