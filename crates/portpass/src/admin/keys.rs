//! What only a running server does: commands on its keys, and reading its file again.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk},
    failure::Failure,
    host::Host,
};
use crate::token::{KeyAnswer, KeyCommand};

impl Question for KeyCommand {
    type Answer = KeyAnswer;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/keys";
    const SUMMARY: &'static str = "Lists, exports and changes signing keys.";

    async fn answer(self, desk: &Desk) -> Result<KeyAnswer, Failure> {
        let Host::Server { portpass, .. } = &desk.admin.host else {
            return Err(no_server());
        };
        let now = desk.now;
        let recorded = self.changes_keys().then(|| json!(self));
        // Keys are made and written to the disk: not on a thread that serves.
        let signing = Arc::clone(portpass);
        let answer = tokio::task::spawn_blocking(move || signing.signer.execute(self, now))
            .await
            .map_err(|error| Failure::Broken(error.into()))?
            .map_err(|error| Failure::Refused(error.to_string()))?;
        if let Some(detail) = recorded {
            desk.record(Deed {
                action: "keys",
                about: (None, None),
                detail,
            })
            .await?;
        }
        Ok(answer)
    }
}

/// Has the configuration read again, if it loads.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::empty_structs_with_brackets,
    reason = "it is an empty object on the wire, and a unit would be null"
)]
pub struct Reload {}

impl Question for Reload {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/reload";
    const SUMMARY: &'static str = "Has the configuration read again; the log says whether it loaded.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let Host::Server { reload, .. } = &desk.admin.host else {
            return Err(no_server());
        };
        desk.record(Deed {
            action: "reload",
            about: (None, None),
            detail: Value::Null,
        })
        .await?;
        reload
            .send(())
            .await
            .map_err(|error| Failure::Broken(error.into()))?;
        Ok(Changed { changed: true })
    }
}

fn no_server() -> Failure {
    Failure::Refused("no server is running".to_owned())
}
