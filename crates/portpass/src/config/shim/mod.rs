//! The variables of `distribution-oauth`, in place of a file: a drop-in for it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use super::{
    Config, ConfigError, EventSettings, Fault, Limits, ListenSettings, Located, LogLevel,
    LogSettings, MetricSettings, Place, endpoint::place_of, keys::KeysSection, reload::Footprint,
    sources::Sources, store,
};
use crate::{
    decision::PolicySource,
    outbound::Reach,
    registry::{Algorithm, Naming, Profile, Registry, RegistryKind},
    relay::{AnonymousAs, Answering, JwtGrant, PasswordGrant, RelaySettings},
    token::KeySettings,
};

/// The variable that selects all of this.
pub(super) const TOKEN_URL: &str = "TOKEN_URL";

/// Where the shim listened.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9001);

/// What we call ourselves where nobody says what clients see; no token of ours
/// bears it.
const PUBLIC_URL: &str = "http://localhost:9001";

/// Where Kubernetes puts a pod's own JWT.
const POD_JWT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// What stands for the registries, which the shim does not know.
const REGISTRY: &str = "registry";

impl Config {
    /// The configuration that the variables of the shim make, or every fault in
    /// them; one that is empty is as good as none.
    ///
    /// # Errors
    ///
    /// When there is no `TOKEN_URL` that can be asked, or no `CLIENT_ID`.
    pub fn of_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let variable = |name| variable(name).filter(|value: &String| !value.is_empty());
        let mut remarks = Vec::new();
        let mut messages = Vec::new();
        let token_url = variable(TOKEN_URL).unwrap_or_default();
        if let Err(message) = check_token_url(&token_url) {
            messages.push(format!("{TOKEN_URL}: {message}"));
        }
        let client_id = variable("CLIENT_ID").unwrap_or_else(|| {
            messages.push("CLIENT_ID is missing: as which client the provider is asked".to_owned());
            String::new()
        });
        let anonymous = anonymous(&variable, &mut messages, &mut remarks);
        let log = LogSettings {
            level: level(variable("LOG_LEVEL").as_deref(), &mut remarks),
            ..LogSettings::default()
        };
        let sources = Sources::of_text("the environment", format!("{TOKEN_URL}={token_url}"));
        if !messages.is_empty() {
            let faults = messages.into_iter();
            let faults = faults.map(|message| Fault::new(Place::default(), message));
            return Err(ConfigError::new(sources, faults.collect()));
        }
        let relay = RelaySettings {
            token_url,
            ca: None,
            allow_private_network: true,
            client_id: client_id.clone(),
            client_secret: None,
            scope: variable("SCOPE"),
            provider: None,
            answering: Answering::Passthrough,
            jwt_grant: JwtGrant::ClientCredentials,
            password_grant: PasswordGrant::ClientCredentials,
            jwt_username: variable("PASS_JWT_USERNAME"),
            anonymous,
            trust_provider: true,
            session_key: variable("SESSION_KEY").map(Into::into),
            any_service: true,
        };
        let data_dir = variable("PORTPASS_DATA_DIR");
        let data_dir = PathBuf::from(data_dir.unwrap_or_else(store::default_data_dir));
        Ok(Self::relaying(
            relay, &client_id, data_dir, log, remarks, sources,
        ))
    }

    /// The defaults of everything that no variable says.
    fn relaying(
        relay: RelaySettings,
        client_id: &str,
        data_dir: PathBuf,
        log: LogSettings,
        remarks: Vec<String>,
        sources: Sources,
    ) -> Self {
        let registry = Registry {
            name: Arc::from(REGISTRY),
            service: client_id.to_owned(),
            kind: RegistryKind::Distribution,
            naming: Naming::Profile(Profile::X5c),
            key: None,
            algorithm: Algorithm::Es256,
            token_ttl: std::time::Duration::from_mins(15),
            token_issuer: PUBLIC_URL.to_owned(),
            introspection_secret: None,
        };
        Self {
            public_url: PUBLIC_URL.to_owned(),
            listen: ListenSettings {
                http: LISTEN,
                ..ListenSettings::default()
            },
            tls: None,
            limits: Limits::default(),
            events: EventSettings::default(),
            metrics: MetricSettings::default(),
            admin_listen: None,
            admin_socket: super::admin::default_socket(&data_dir),
            keys: KeySettings {
                data_dir: data_dir.clone(),
                ca: None,
                rotate_every: KeysSection::default().rotate_every(),
            },
            log,
            data_dir,
            database_url: None,
            registries: vec![Arc::new(registry)],
            relay: Some(Located {
                value: relay,
                at: Place::default(),
            }),
            scope_words: Vec::new(),
            issuers: Vec::new(),
            policy: PolicySource {
                registries: vec![REGISTRY.to_owned()],
                ..PolicySource::default()
            },
            tests: Vec::new(),
            remarks,
            tables: std::collections::BTreeMap::new(),
            footprint: Footprint::default(),
            sources,
        }
    }
}

/// In a cluster the provider is often a service without a certificate, so that
/// is only warned about.
fn check_token_url(text: &str) -> Result<(), String> {
    let place = place_of(text)?;
    if place.reach == Reach::Forbidden {
        return Err("this address is never asked for anything".to_owned());
    }
    Ok(())
}

/// As whom callers without a credential are presented.
fn anonymous(
    variable: &impl Fn(&'static str) -> Option<String>,
    messages: &mut Vec<String>,
    remarks: &mut Vec<String>,
) -> Option<AnonymousAs> {
    let (name, password) = (variable("ANON_USERNAME"), variable("ANON_PASSWORD"));
    if variable("ANON_KUBE_JWT").is_some() {
        if name.is_some() || password.is_some() {
            remarks.push(
                "ANON_KUBE_JWT is set, so ANON_USERNAME and ANON_PASSWORD are passed over"
                    .to_owned(),
            );
        }
        return Some(AnonymousAs::JwtFile(PathBuf::from(POD_JWT)));
    }
    match (name, password) {
        (Some(name), Some(password)) => Some(AnonymousAs::User {
            name,
            password: password.into(),
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            messages.push("ANON_USERNAME and ANON_PASSWORD go together: set both".to_owned());
            None
        }
    }
}

/// The level in the shim's words.
fn level(word: Option<&str>, remarks: &mut Vec<String>) -> LogLevel {
    match word.map(str::to_ascii_lowercase).as_deref() {
        None | Some("info") => LogLevel::Info,
        Some("trace") => LogLevel::Trace,
        Some("debug") => LogLevel::Debug,
        Some("warn" | "warning") => LogLevel::Warn,
        Some("error") => LogLevel::Error,
        Some(_) => {
            remarks.push(
                "LOG_LEVEL is none of trace, debug, info, warning, error: it is taken for info"
                    .to_owned(),
            );
            LogLevel::Info
        }
    }
}

#[cfg(test)]
mod tests;
