//! The configuration: raw text in, valid types out.
//!
//! ```text
//! sources → tree (include, merge, later) → read (words, cut) → a section's `settle` → Config
//! ```
//!
//! A new key is a field with a doc comment in its section's file; a new
//! section is a file here, a field of `file.rs` and a line in `load.rs`.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub use self::{
    admin::AdminListen,
    days::Days,
    environment::{admin_token, seen_from_here},
    error::ConfigError,
    events::EventSettings,
    file::schema,
    limits::Limits,
    listen::ListenSettings,
    load::{load, load_text},
    log::{LogFormat, LogLevel, LogSettings},
    metrics::MetricSettings,
    number::Number,
    period::Period,
    place::{Fault, Located, Place},
    public_url::check_public_url,
    reload::{Changed, Footprint, Watch},
    secret::SecretText,
    sources::{Diagnostic, Sources},
    suggest::{closest, instead},
    tls::TlsFiles,
    whence::{NoConfiguration, Whence},
};
use crate::{
    decision::PolicySource, identity::IssuerSettings, registry::Registry, relay::RelaySettings,
    token::KeySettings, trial::TestSource,
};

mod admin;
mod cut;
mod days;
mod endpoint;
mod environment;
mod error;
mod events;
mod file;
mod group;
mod images;
mod include;
mod issuer;
mod keys;
mod later;
mod limits;
mod listen;
mod load;
mod log;
mod metrics;
mod names;
mod number;
mod oauth2;
mod period;
pub mod place;
mod public_url;
mod read;
pub mod reference;
mod registry;
mod relay;
mod reload;
mod rule;
mod secret;
mod shim;
mod sources;
mod store;
mod suggest;
mod test;
mod tls;
mod tree;
mod whence;
mod words;

#[cfg(test)]
mod tests;

/// Everything the files say, checked as far as they go by themselves.
///
/// The wiring takes it apart; no part of the flow is handed the whole.
#[derive(Debug)]
pub struct Config {
    /// What clients see, without a slash at the end: the `iss` of our tokens.
    pub public_url: String,
    /// What is listened on.
    pub listen: ListenSettings,
    /// The server's certificate, if it speaks HTTPS itself.
    pub tls: Option<TlsFiles>,
    /// How much anybody may ask.
    pub limits: Limits,
    /// How much of what strangers do is kept.
    pub events: EventSettings,
    /// What is counted.
    pub metrics: MetricSettings,
    /// The admin API over TCP, if it is wanted.
    pub admin_listen: Option<AdminListen>,
    /// The Unix socket for commands.
    pub admin_socket: PathBuf,
    /// What tokens are signed with.
    pub keys: KeySettings,
    /// The words that may stand beside docker's scopes, and mean nothing here.
    pub scope_words: Vec<String>,
    /// How the server's own log is written.
    pub log: LogSettings,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The PostgreSQL database, if it is not SQLite's in the data folder.
    pub database_url: Option<SecretText>,
    /// The registries, by name.
    pub registries: Vec<Arc<Registry>>,
    /// The identity provider that we stand beside, if there is one.
    pub relay: Option<Located<RelaySettings>>,
    /// The issuers, by name.
    pub issuers: Vec<IssuerSettings>,
    /// The rules, not yet compiled.
    pub policy: PolicySource,
    /// What the rules must say, by name.
    pub tests: Vec<TestSource>,
    /// What was passed over where it was read, in words for the operator.
    pub remarks: Vec<String>,
    /// The named tables, as `group.NAME`, and where they stand.
    pub tables: BTreeMap<String, Place>,
    /// What the files looked like, for [`Watch`].
    pub footprint: Footprint,
    /// The texts, to show faults that are found later.
    pub sources: Sources,
}

impl Config {
    /// Faults that were found in what the files say, when it was put to use.
    pub fn error(&self, faults: Vec<Fault>) -> ConfigError {
        ConfigError::new(self.sources.clone(), faults)
    }
}
