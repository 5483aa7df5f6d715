//! What mends a fault: words, the exact block of configuration, and what to run after it.

use serde::Serialize;
use serde_json::json;

use super::{clean::Secrets, evidence::Settings, patient::Patient};
use crate::registry::{Naming, Profile, Registry, RegistryKind};

/// Where a registry keeps what it trusts, if nobody says.
const BUNDLE: &str = "/etc/docker/registry/portpass-ca.pem";
const KEY_SET: &str = "/etc/docker/registry/portpass-keys.json";
const ZOT_KEY: &str = "/etc/zot/portpass.pem";

/// What mends a fault.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Cure {
    /// What to do.
    pub(crate) text: String,
    /// What to write where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<Block>,
    /// What to run then, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) run: Vec<String>,
    /// What to start anew at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restart: Option<&'static str>,
}

/// A piece of configuration.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Block {
    /// Into which file, or whose.
    pub(crate) file: String,
    /// In which language.
    pub(crate) language: &'static str,
    pub(crate) text: String,
}

impl Cure {
    /// Words alone.
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// With a block for a file.
    pub(super) fn write(mut self, file: &str, language: &'static str, text: &str) -> Self {
        self.block = Some(Block {
            file: file.to_owned(),
            language,
            text: text.to_owned(),
        });
        self
    }

    /// With something to run afterwards.
    pub(super) fn run(mut self, command: Option<String>) -> Self {
        self.run.extend(command);
        self
    }

    /// With something to start anew at the end.
    pub(super) fn restart(mut self, what: &'static str) -> Self {
        self.restart = Some(what);
        self
    }

    /// Fit to be shown.
    pub(super) fn shown(self, secrets: &Secrets) -> Self {
        Self {
            text: secrets.line(&self.text),
            block: self.block.map(|block| Block {
                file: secrets.line(&block.file),
                language: block.language,
                text: secrets.lines(&block.text),
            }),
            run: self.run.iter().map(|line| secrets.line(line)).collect(),
            restart: self.restart,
        }
    }
}

/// How a registry has to be configured.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) realm: String,
    pub(super) service: String,
    pub(super) issuer: String,
    /// An algorithm that the registry's list lacks.
    pub(super) algorithm: Option<String>,
}

impl Wanted {
    /// The cure that writes it into the registry's configuration, keeps the rest of the table, and
    /// starts the registry anew.
    pub(super) fn cure(&self, text: impl Into<String>, patient: &Patient) -> Cure {
        let settings = patient.settings.as_ref();
        let file = settings.map_or_else(
            || "the registry's configuration".to_owned(),
            |settings| settings.path.display().to_string(),
        );
        let (key, path) = trusted(patient, Some(&self.service));
        let cure = Cure::of(text).restart("the registry");
        if patient.is_zot(&self.service) {
            cure.write(&file, "json", &self.zot(&path))
        } else {
            cure.write(&file, "yaml", &self.distribution(settings, key, &path))
        }
    }

    /// As [`Wanted::cure`], and the registry is given the keys as well.
    pub(super) fn cure_with_keys(&self, text: impl Into<String>, patient: &Patient) -> Cure {
        let export = export(patient, &self.service);
        self.cure(text, patient).run(export)
    }

    fn distribution(&self, settings: Option<&Settings>, key: &str, path: &str) -> String {
        let mut text = format!(
            "auth:\n  token:\n    realm: {}\n    service: {}\n    issuer: {}\n    {key}: {}\n",
            yaml(&self.realm),
            yaml(&self.service),
            yaml(&self.issuer),
            yaml(path),
        );
        let Some(settings) = settings else {
            return text;
        };
        let mut push = |line: String| text.push_str(&line);
        if !settings.algorithms.is_empty() {
            let kept = settings.algorithms.iter().chain(&self.algorithm);
            let kept: Vec<String> = kept.map(|name| yaml(name)).collect();
            push(format!("    signingalgorithms: [{}]\n", kept.join(", ")));
        }
        if settings.autoredirect {
            push("    autoredirect: true\n".to_owned());
        }
        if let Some(path) = &settings.autoredirectpath {
            push(format!("    autoredirectpath: {}\n", yaml(path)));
        }
        text
    }

    fn zot(&self, path: &str) -> String {
        let bearer = json!({ "realm": self.realm, "service": self.service, "cert": path });
        let whole = json!({ "http": { "auth": { "bearer": bearer } } });
        format!("{whole:#}\n")
    }
}

/// The command that writes what the registry of a service must trust to where it looks.
pub(super) fn export(patient: &Patient, service: &str) -> Option<String> {
    let registry = patient.registry(service)?;
    let (_, path) = trusted(patient, Some(service));
    let export = format!("keys export {}", registry.name);
    let command = patient.ours.as_ref()?.command(&export);
    Some(format!("{command} > {}", shell(&path)))
}

/// The command that writes our CA to where a registry looks.
pub(super) fn export_authority(patient: &Patient) -> Option<String> {
    let (_, path) = trusted(patient, None);
    let command = patient.ours.as_ref()?.command("keys ca export");
    Some(format!("{command} > {}", shell(&path)))
}

/// Lines for a table of our own configuration; the rest of the table stays.
pub(super) fn table(header: &str, lines: &[(&str, String)]) -> String {
    let lines = lines
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"));
    format!("[{header}]\n{}", lines.collect::<String>())
}

/// The key under which distribution is told what to trust, and the path it has or may have; with
/// the `service` of a registry, as our table of it has it.
fn trusted(patient: &Patient, service: Option<&str>) -> (&'static str, String) {
    let settings = patient.settings.as_ref();
    let is_zot = service.is_some_and(|service| patient.is_zot(service));
    let registry = service.and_then(|service| patient.registry(service));
    let is_key_set = !is_zot
        && registry.map_or_else(
            || {
                settings
                    .is_some_and(|settings| settings.bundle.is_none() && settings.jwks.is_some())
            },
            wants_key_set,
        );
    let (key, given, usual) = if is_key_set {
        (
            "jwks",
            settings.and_then(|settings| settings.jwks.as_ref()),
            KEY_SET,
        )
    } else {
        (
            "rootcertbundle",
            settings.and_then(|settings| settings.bundle.as_ref()),
            if is_zot { ZOT_KEY } else { BUNDLE },
        )
    };
    let path = given.map(|path| path.display().to_string());
    (key, path.unwrap_or_else(|| usual.to_owned()))
}

/// Whether `keys export` prints a JWK set for a registry (`token/export.rs`).
fn wants_key_set(registry: &Registry) -> bool {
    let is_3 = match registry.kind {
        RegistryKind::Distribution | RegistryKind::Distribution30 => true,
        RegistryKind::Distribution2 | RegistryKind::Zot => false,
    };
    is_3 && match registry.naming {
        Naming::Kid(_) | Naming::Profile(Profile::Libtrust) => true,
        Naming::Profile(Profile::Pinned | Profile::Rfc7638 | Profile::X5c) => false,
    }
}

/// A scalar of YAML: plain if it is one for sure, else in quotes, which are JSON's.
pub(super) fn yaml(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/:._-".contains(&byte))
        && !text.ends_with(':')
        && (text.contains(['/', '.', ':', '-']) || text.bytes().any(|byte| byte.is_ascii_digit()));
    if is_plain {
        text.to_owned()
    } else {
        json!(text).to_string()
    }
}

/// A word of the shell.
pub(super) fn shell(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_need_be() {
        for (text, written) in [
            ("registry.test", "registry.test"),
            ("http://localhost:5000/token", "http://localhost:5000/token"),
            ("ES256", "ES256"),
            ("yes", "\"yes\""),
            ("12:30", "\"12:30\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("a\n  b: c", "\"a\\n  b: c\""),
        ] {
            assert_eq!(yaml(text), written);
        }
        assert_eq!(shell("/etc/a b"), "'/etc/a b'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!(shell("/etc/portpass.toml"), "/etc/portpass.toml");
    }
}
