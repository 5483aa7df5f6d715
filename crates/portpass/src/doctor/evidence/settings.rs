//! A registry's own configuration: the few keys that tokens depend on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

use crate::token::Trust;

/// Far more than any configuration, bundle or key set.
const MAX_BYTES: u64 = 1024 * 1024;

/// What a registry is told about tokens.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Settings {
    pub(crate) path: PathBuf,
    pub(in crate::doctor) is_zot: bool,
    pub(in crate::doctor) realm: Option<String>,
    pub(in crate::doctor) service: Option<String>,
    pub(in crate::doctor) issuer: Option<String>,
    pub(in crate::doctor) bundle: Option<PathBuf>,
    pub(in crate::doctor) jwks: Option<PathBuf>,
    pub(in crate::doctor) algorithms: Vec<String>,
    pub(in crate::doctor) autoredirect: bool,
    pub(in crate::doctor) autoredirectpath: Option<String>,
}

/// Why a file tells nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsFault {
    #[error("{} cannot be read: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("{} is neither distribution's YAML nor zot's JSON: {reason}", path.display())]
    Syntax { path: PathBuf, reason: String },
    #[error(
        "{} has neither `auth.token`, as distribution's configuration, nor `http.auth.bearer`, as zot's",
        path.display()
    )]
    NoToken { path: PathBuf },
}

impl Settings {
    /// Reads distribution's YAML or zot's JSON.
    ///
    /// # Errors
    ///
    /// When the file is neither, or says nothing of tokens.
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsFault> {
        let bytes = bounded(path).map_err(|reason| SettingsFault::Read {
            path: path.to_owned(),
            reason,
        })?;
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, SettingsFault> {
        if let Ok(json) = serde_json::from_str::<Value>(text)
            && let Some(bearer) = json.pointer("/http/auth/bearer")
        {
            return Ok(Self::zot(path, bearer));
        }
        let documents = Yaml::load_from_str(text).map_err(|error| SettingsFault::Syntax {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let token = documents
            .first()
            .and_then(|root| root.as_mapping_get("auth")?.as_mapping_get("token"));
        let Some(token) = token else {
            return Err(SettingsFault::NoToken {
                path: path.to_owned(),
            });
        };
        Ok(Self::distribution(path, token))
    }

    fn distribution(path: &Path, token: &Yaml<'_>) -> Self {
        let text = |key: &str| token.as_mapping_get(key)?.as_str().map(str::to_owned);
        let algorithms = token.as_mapping_get("signingalgorithms");
        let algorithms = algorithms.and_then(Yaml::as_vec);
        Self {
            path: path.to_owned(),
            is_zot: false,
            realm: text("realm"),
            service: text("service"),
            issuer: text("issuer"),
            bundle: text("rootcertbundle").map(PathBuf::from),
            jwks: text("jwks").map(PathBuf::from),
            algorithms: algorithms.map_or_else(Vec::new, |listed| {
                let names = listed.iter().filter_map(Yaml::as_str);
                names.map(str::to_owned).collect()
            }),
            autoredirect: token
                .as_mapping_get("autoredirect")
                .and_then(Yaml::as_bool)
                .unwrap_or_default(),
            autoredirectpath: text("autoredirectpath"),
        }
    }

    fn zot(path: &Path, bearer: &Value) -> Self {
        let text = |key: &str| bearer.get(key)?.as_str().map(str::to_owned);
        Self {
            path: path.to_owned(),
            is_zot: true,
            realm: text("realm"),
            service: text("service"),
            bundle: text("cert").map(PathBuf::from),
            ..Self::default()
        }
    }

    /// What the files hold that the registry was told to trust.
    ///
    /// # Errors
    ///
    /// Says which cannot be read, and why.
    pub(in crate::doctor) fn trust(&self) -> Result<Trust, String> {
        let read = |path: &Option<PathBuf>| {
            let read = path.as_ref().map(|path| {
                bounded(path)
                    .map_err(|reason| format!("{} cannot be read: {reason}", path.display()))
            });
            read.transpose()
        };
        let (bundle, jwks) = (read(&self.bundle)?, read(&self.jwks)?);
        Trust::read(bundle.as_deref(), jwks.as_deref()).map_err(|reason| {
            let paths = [&self.bundle, &self.jwks].into_iter().flatten();
            let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
            format!("{}: {reason}", paths.join(", "))
        })
    }
}

/// A file that is not too large.
fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_BYTES {
        return Err("it is larger than 1 MiB".to_owned());
    }
    fs::read(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Settings, SettingsFault> {
        Settings::parse(Path::new("config"), text)
    }

    #[test]
    fn distributions_yaml_is_read_however_it_is_written() {
        let block = "auth:\n  token:\n    realm: https://r/token\n    service: \"r\"\n    issuer: 'https://r'\n    rootcertbundle: /ca.pem\n    autoredirect: true\n    signingalgorithms:\n      - ES256\n";
        let flow = "version: 0.1\nauth: {token: {realm: https://r/token, service: r, issuer: https://r, rootcertbundle: /ca.pem, autoredirect: true, signingalgorithms: [ES256]}} # so\n";
        let settings = parsed(block).unwrap();
        assert_eq!(settings, parsed(flow).unwrap());
        assert_eq!(settings.realm.as_deref(), Some("https://r/token"));
        assert_eq!(settings.issuer.as_deref(), Some("https://r"));
        assert_eq!(settings.bundle.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!(settings.algorithms, ["ES256"]);
        assert!(settings.autoredirect && !settings.is_zot && settings.jwks.is_none());
    }

    #[test]
    fn zots_json_is_read() {
        let text = r#"{"http": {"auth": {"bearer": {"realm": "https://r/token", "service": "r", "cert": "/c"}}}}"#;
        let settings = parsed(text).unwrap();
        assert!(settings.is_zot);
        assert_eq!(settings.service.as_deref(), Some("r"));
        assert_eq!(settings.bundle.as_deref(), Some(Path::new("/c")));
    }

    #[test]
    fn anything_else_is_told() {
        for (text, part) in [
            ("auth: [", "neither distribution's YAML"),
            ("auth: {htpasswd: {realm: x}}", "neither `auth.token`"),
            ("{}", "neither `auth.token`"),
            ("", "neither `auth.token`"),
        ] {
            let fault = parsed(text).unwrap_err().to_string();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
