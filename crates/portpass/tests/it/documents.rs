//! The configurations in the documents load, or are refused where they say so.
//!
//! A block of TOML with `public_url` is a whole file; any other is an addition
//! to [`BASE`], and one with `within` a file that it includes. A block that is marked `toml refused` shows a mistake.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use portpass::{config, snapshot::Snapshot};
use toml::{Table, Value};

/// What examples assume to be there, unless they bring it along.
const BASE: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind    = "distribution"

[issuer.cluster]
kind     = "kubernetes"
url      = "https://cluster.example.com"
audience = ["registry.example.com"]

[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[issuer.gitlab]
kind     = "gitlab"
url      = "https://gitlab.example.com"
audience = ["registry.example.com"]

[issuer.people]
kind     = "oidc"
url      = "https://people.example.com"
audience = ["registry.example.com"]
"#;

/// A set of keys for every `jwks_file` that an example names.
const KEY_SET: &str = r#"{ "keys": [{
    "kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256", "use": "sig",
    "x": "oir5zwv-aJ9i5I5cbNQ23eDy7SrRON4Yjgd3CAwFQzI", "y": "yHoEiNbnAMeyfjb1GfqGpQB8o6mmYYM2MsuB9Pl7bcg"
}] }"#;

/// One block of a document.
struct Block {
    /// Document and line, for people.
    place: String,
    text: String,
    /// Whether it shows a mistake.
    refused: bool,
}

#[test]
fn every_configuration_in_the_documents_loads_or_is_refused_as_it_says() {
    let blocks: Vec<Block> = documents().iter().flat_map(|path| blocks(path)).collect();
    assert!(blocks.len() > 30, "only {} blocks", blocks.len());
    let mut wrong = Vec::new();
    for block in &blocks {
        match (load(&block.text), block.refused) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => wrong.push(format!("{} loads", block.place)),
            (Err(fault), false) => wrong.push(format!("{}: {fault}", block.place)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for target in links(&text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            let is_there = match fs::read_to_string(&file) {
                Ok(text) => anchor.is_empty() || anchors(&text).any(|one| one == anchor),
                Err(_) => file.is_dir(),
            };
            if !is_there {
                broken.push(format!("{} → {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document but the reference, which is made from the code.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    for folder in ["", "docs", "docs/how-to"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        documents.extend(paths.filter(|path| path.extension().is_some_and(|it| it == "md")));
    }
    documents.sort();
    documents
}

/// The blocks of TOML in a document.
fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Block)> = None;
    for (number, line) in text.lines().enumerate() {
        match (open.take(), line.trim_start().strip_prefix("```")) {
            (None, None) => {}
            (None, Some(language)) => {
                let block = Block {
                    place: format!("{}:{}", path.display(), number + 1),
                    text: String::new(),
                    refused: language == "toml refused",
                };
                open = Some((language, block));
            }
            (Some((language, mut block)), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some((language, block));
            }
            (Some((language, block)), Some(_)) => {
                if language.starts_with("toml") {
                    blocks.push(block);
                }
            }
        }
    }
    blocks
}

/// Loads a block as the server would, in a folder of its own.
fn load(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut file: Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.to_string())?;
    if file.contains_key("within") {
        fs::write(folder.path().join("included.toml"), text).unwrap();
        file = Table::from_iter([("include".to_owned(), vec!["included.toml"].into())]);
    }
    if !file.contains_key("public_url") {
        file = on_base(file);
    }
    let data_dir = folder.path().join("data").display().to_string();
    file.entry("store")
        .or_insert_with(|| Table::new().into())
        .as_table_mut()
        .unwrap()
        .insert("data_dir".to_owned(), data_dir.into());
    replace_files(&mut file, folder.path());
    let path = folder.path().join("portpass.toml");
    fs::write(&path, file.to_string()).unwrap();
    let config = config::load(&path).map_err(|error| error.to_string())?;
    match Snapshot::of(&config, None, Timestamp::UNIX_EPOCH) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The base with an example on top: its tables replace those of their names,
/// and its registries all of them.
fn on_base(example: Table) -> Table {
    let mut file: Table = BASE.parse().unwrap();
    if example.contains_key("registry") {
        file.remove("registry");
    }
    for (section, value) in example {
        match (file.get_mut(&section), value) {
            (Some(Value::Table(there)), Value::Table(new)) => there.extend(new),
            (_, value) => {
                file.insert(section, value);
            }
        }
    }
    file
}

/// Puts files in the place of those that an example names.
fn replace_files(file: &mut Table, folder: &Path) {
    let certified = rcgen::generate_simple_self_signed(["example.com".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    for entry in file
        .get("include")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let files = entry.get("files").unwrap_or(entry).as_str().unwrap();
        fs::create_dir_all(folder.join(files).parent().unwrap()).unwrap();
    }
    let issuers = file.get_mut("issuer").and_then(Value::as_table_mut);
    for (_, issuer) in issuers.into_iter().flatten() {
        put(issuer, "bearer_file", "token", folder);
        put(issuer, "ca", &certificate, folder);
        put(issuer, "jwks_file", KEY_SET, folder);
    }
    let registries = file.get_mut("registry").and_then(Value::as_table_mut);
    for (_, registry) in registries.into_iter().flatten() {
        if registry.get("key").is_some() {
            let algorithm = registry.get("algorithm").and_then(Value::as_str);
            let key = provider_key(algorithm.unwrap_or("ES256"));
            put(registry, "key", &key, folder);
        }
        if let Some(secret) = registry.get_mut("introspection_secret") {
            put(secret, "file", &"secret".repeat(6), folder);
        }
    }
    if let Some(tls) = file.get_mut("tls") {
        put(tls, "certificate", &certificate, folder);
        put(tls, "key", &key, folder);
    }
    if let Some(ca) = file.get_mut("keys").and_then(|keys| keys.get_mut("ca")) {
        let (certificate, key) = authority();
        put(ca, "certificate", &certificate, folder);
        put(ca, "key", &key, folder);
    }
    if let Some(url) = file
        .get_mut("store")
        .and_then(|store| store.get_mut("database_url"))
    {
        put(url, "file", "postgres://db.example.com/portpass", folder);
    }
    let admin = file.get_mut("admin");
    let tokens = admin.and_then(|admin| admin.get_mut("tokens")?.as_table_mut());
    for (_, token) in tokens.into_iter().flatten() {
        put(token, "file", &"secret".repeat(6), folder);
    }
}

/// A private key for an algorithm, as identity providers export one, in PEM.
fn provider_key(algorithm: &str) -> String {
    let of = |algorithm| rcgen::KeyPair::generate_for(algorithm).unwrap();
    let key = match algorithm {
        "EdDSA" => of(&rcgen::PKCS_ED25519),
        "RS256" => of(&rcgen::PKCS_RSA_SHA256),
        // One in 128 has a coordinate that begins with a zero byte, and is not for every profile.
        _ => std::iter::repeat_with(|| of(&rcgen::PKCS_ECDSA_P256_SHA256))
            .find(|key| !key.public_key_raw()[1..].chunks(32).any(|it| it[0] == 0))
            .unwrap(),
    };
    key.serialize_pem()
}

/// A CA as operators give one: certificate and key, as PEM.
fn authority() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    authority.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let certificate = authority.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// Names a new file with this text, if the key names a file.
fn put(table: &mut Value, key: &str, text: &str, folder: &Path) {
    if let Some(value) = table.get_mut(key) {
        let path = folder.join(key);
        fs::write(&path, text).unwrap();
        *value = path.display().to_string().into();
    }
}

/// The targets of a document's links, but for those to other hosts.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.contains("://"))
}

/// The anchors of a document's headings, as code hosts make them.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        let text: String = line
            .trim_start_matches('#')
            .trim()
            .chars()
            .filter(kept)
            .collect();
        text.to_lowercase().replace(' ', "-")
    })
}
