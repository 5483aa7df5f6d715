//! What the files may say, and what is said about the rest.

use std::{fs, path::Path};

use insta::assert_snapshot;

use super::*;

/// The least that loads.
const LEAST: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind = "distribution"

[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
"#;

/// Loads files from a folder of their own; the first is the main one.
fn load_files(files: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let main = folder.path().join(files[0].0);
    load(&main).map_err(|error| without(folder.path(), &error.render()))
}

/// A text without the name of the test's folder.
fn without(folder: &Path, text: &str) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

/// What is said about the least file with some lines added.
fn complaint(added: &str) -> String {
    let text = format!("{LEAST}\n{added}");
    load_files(&[("portpass.toml", &text)]).unwrap_err()
}

mod broken_files;
mod ceilings;
mod defaults;
mod example;
mod included_files;
mod later_versions;
mod oauth2;
mod registries;
mod relay;
mod rule_tests;
mod secrets;
mod values;
mod wrong_words;
