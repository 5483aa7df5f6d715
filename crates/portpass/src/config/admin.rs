//! `[admin]`: where the commands reach a running server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;

/// Where the commands reach a running server.
#[derive(Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AdminSection {
    /// The Unix socket, made with mode 0600 in a folder of mode 0700. Default:
    /// `admin/portpass.sock` in `store.data_dir`.
    /// Example: `"/run/portpass/admin.sock"`.
    pub(super) socket: Option<Located<String>>,
}
