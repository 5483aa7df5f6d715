//! What is taken from the environment: one secret for commands, and the variables
//! of the shim that we stand in for.

use std::path::{Path, PathBuf};

use super::{SecretText, shim::TOKEN_URL};

/// The variable with the token for a server's admin API.
const ADMIN_TOKEN: &str = "PORTPASS_ADMIN_TOKEN";

/// The token in `PORTPASS_ADMIN_TOKEN`, for commands that speak to a server
/// over TCP; nothing if it is not set, empty or no text.
pub fn admin_token() -> Option<SecretText> {
    variable(ADMIN_TOKEN).map(SecretText::from)
}

/// A path as the folder sees it in which the command runs: relative, where it
/// lies below.
pub fn seen_from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    let path = below.unwrap_or_else(|| path.to_owned());
    path.strip_prefix(".").map_or(path.clone(), Path::to_owned)
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
