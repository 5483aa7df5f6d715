//! The files of `portpass dev`: its configuration, its keys and a registry's own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{DevError, DevKey, marker};

/// What `portpass dev` serves, and where it keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DevSettings {
    folder: PathBuf,
    listen: SocketAddr,
    registry: String,
}

impl DevSettings {
    /// Settings for `folder`, which is claimed and whose files are written anew.
    ///
    /// `listen` is where Portpass serves, `registry` the host and port of the
    /// registry that is to trust it.
    ///
    /// # Errors
    ///
    /// If `listen` is not on loopback, or the folder is not one of `portpass dev`.
    pub fn prepare(folder: &Path, listen: SocketAddr, registry: &str) -> Result<Self, DevError> {
        if !listen.ip().is_loopback() {
            return Err(DevError::Exposed { address: listen });
        }
        marker::claim(folder)?;
        let folder = folder.canonicalize().map_err(DevError::at(folder))?;
        let key_set = DevKey::of(&folder)?.key_set();
        let settings = Self {
            folder,
            listen,
            registry: registry.to_owned(),
        };
        for (path, text) in [
            (settings.key_set(), format!("{key_set}\n")),
            (settings.config(), settings.config_text()),
            (settings.registry_config(), settings.registry_text()),
        ] {
            fs::write(&path, text).map_err(DevError::at(path))?;
        }
        Ok(settings)
    }

    /// The `data_dir`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configuration, to be loaded like any other.
    pub fn config(&self) -> PathBuf {
        self.folder.join("portpass.toml")
    }

    /// Where the registry looks for the CA's certificate: it is to be exported here.
    pub fn registry_ca(&self) -> PathBuf {
        self.folder.join("registry-ca.pem")
    }

    /// The configuration of a registry (distribution 2.8 or 3) that trusts this Portpass.
    pub fn registry_config(&self) -> PathBuf {
        self.folder.join("registry.yml")
    }

    /// What clients see.
    pub fn public_url(&self) -> String {
        format!("http://localhost:{}", self.listen.port())
    }

    /// What a person can do next, with `portpass` as this program is to be called.
    pub fn next_steps(&self) -> String {
        let (folder, registry) = (self.folder.display(), &self.registry);
        let jwt = format!("portpass dev --data-dir {folder} jwt");
        format!(
            "Portpass serves {url}, for trying it out: anybody may make the JWTs it trusts.
Its configuration: {config}

In a second terminal, start a registry that trusts it (Debian's docker-registry, or distribution's `registry`):

  docker-registry serve {registry_config}

In a third, log in with the JWT of a CI job, and push to that job's own namespace:

  {jwt} | docker login --username ci --password-stdin {registry}
  docker push {registry}/apps/github/acme/web:1

or, without a login:

  skopeo copy --dest-tls-verify=false --dest-creds \"ci:$({jwt})\" docker-archive:web.tar docker://{registry}/apps/github/acme/web:1

Another job, one that may not push: {jwt} --fixture pull-request
What happened: portpass events -c {config}
",
            url = self.public_url(),
            config = self.config().display(),
            registry_config = self.registry_config().display(),
        )
    }

    fn key_set(&self) -> PathBuf {
        self.folder.join("issuer-keys.json")
    }

    fn config_text(&self) -> String {
        let listen = quoted(&self.listen.to_string());
        let ops = quoted(&SocketAddr::new(self.listen.ip(), 0).to_string());
        let public_url = quoted(&self.public_url());
        let data_dir = quoted(&self.folder.to_string_lossy());
        let registry = quoted(&self.registry);
        let keys = quoted(&self.key_set().to_string_lossy());
        let issuers: Vec<_> = ISSUERS
            .iter()
            .map(|(name, kind, own)| {
                format!(
                    "\n[issuer.{name}]\nkind      = \"{kind}\"\n{own}\naudience  = [{registry}]\njwks_file = {keys}\n"
                )
            })
            .collect();
        let issuers = issuers.concat();
        format!(
            r#"# Written by `portpass dev` each time it starts: copy it to change it.
public_url = {public_url}

[listen]
http = {listen}
ops  = {ops}

[store]
data_dir = {data_dir}

[registry.dev]
service = {registry}
kind    = "distribution"
profile = "x5c"

# All of these trust one key, the one that `portpass dev jwt` signs with.
{issuers}
[match.trusted-run]
event         = ["push", "tag", "release", "manual", "schedule"]
ref_protected = true

[rule.everybody-pulls]
from = ["github", "gitlab", "forgejo", "kubernetes", "people"]
pull = ["**"]

[rule.own-namespace]
from = ["github", "gitlab", "forgejo"]
when = {{ match = "trusted-run" }}
push = ["apps/{{issuer}}/{{repository}}", "apps/{{issuer}}/{{repository}}/**"]

[rule.pods]
from = ["kubernetes"]
push = ["pods/{{namespace}}/**"]
"#
        )
    }

    fn registry_text(&self) -> String {
        // YAML 1.2 reads JSON's strings.
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "# Written by `portpass dev` each time it starts: copy it to change it.
version: 0.1
storage:
  delete: {{enabled: true}}
  filesystem: {{rootdirectory: {storage}}}
http:
  addr: {address}
auth:
  token:
    realm: {realm}
    service: {service}
    issuer: {issuer}
    rootcertbundle: {ca}
",
            storage = text(&self.folder.join("registry").to_string_lossy()),
            address = text(&self.registry),
            realm = text(&format!("{}/token", self.public_url())),
            service = text(&self.registry),
            issuer = text(&self.public_url()),
            ca = text(&self.registry_ca().to_string_lossy()),
        )
    }
}

/// Name, kind and what else the kind needs, for the tenants of the fixtures.
const ISSUERS: [(&str, &str, &str); 5] = [
    (
        "forgejo",
        "forgejo",
        r#"url       = "https://forgejo.example.com""#,
    ),
    ("github", "github-actions", r#"owner_id  = ["65"]"#),
    (
        "gitlab",
        "gitlab",
        r#"url       = "https://gitlab.example.com""#,
    ),
    (
        "kubernetes",
        "kubernetes",
        r#"iss       = ["https://kubernetes.default.svc.cluster.local"]"#,
    ),
    ("people", "oidc", r#"url       = "https://id.example.com""#),
];

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(folder: &Path, listen: &str) -> Result<DevSettings, DevError> {
        DevSettings::prepare(folder, listen.parse().unwrap(), "localhost:5000")
    }

    #[test]
    fn only_loopback_is_served_and_nothing_is_left_behind() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("dev");
        for listen in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
            let error = prepared(&folder, listen).unwrap_err();
            assert!(
                matches!(error, DevError::Exposed { .. }),
                "{listen}: {error}"
            );
        }
        assert!(!folder.exists());
        prepared(&folder, "[::1]:8080").unwrap();
    }

    #[test]
    fn the_configuration_names_every_issuer_with_the_development_keys() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a \"quoted\" folder");
        let settings = prepared(&folder, "127.0.0.1:8080").unwrap();
        let text = fs::read_to_string(settings.config()).unwrap();
        let config: toml::Table = text.parse().unwrap();
        assert_eq!(config["public_url"].as_str(), Some("http://localhost:8080"));
        assert_eq!(
            config["store"]["data_dir"].as_str(),
            settings.folder().to_str()
        );
        let issuers = config["issuer"].as_table().unwrap();
        assert_eq!(issuers.len(), fixtures::Kind::USUAL.len());
        for (name, issuer) in issuers {
            issuer["kind"]
                .as_str()
                .unwrap()
                .parse::<fixtures::Kind>()
                .unwrap();
            let keys = fs::read_to_string(issuer["jwks_file"].as_str().unwrap()).unwrap();
            assert!(keys.contains("portpass-dev"), "{name}");
        }
    }

    #[test]
    fn the_registry_trusts_what_the_configuration_signs() {
        let folder = tempfile::tempdir().unwrap();
        let settings = prepared(&folder.path().join("dev"), "127.0.0.1:8123").unwrap();
        let text = fs::read_to_string(settings.registry_config()).unwrap();
        assert!(
            text.contains("realm: \"http://localhost:8123/token\""),
            "{text}"
        );
        assert!(text.contains("service: \"localhost:5000\""), "{text}");
        assert!(
            text.contains(settings.registry_ca().to_str().unwrap()),
            "{text}"
        );
    }

    #[test]
    fn a_foreign_folder_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes"), "").unwrap();
        prepared(folder.path(), "127.0.0.1:8080").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
