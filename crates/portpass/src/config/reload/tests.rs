//! Changes are seen once, and only when they have come to rest.

use std::{fs, os::unix::fs::symlink};

use tempfile::TempDir;

use super::*;
use crate::config::load;

const MAIN: &str = r#"
public_url = "https://registry.example.com"
include = ["rules.d/*.toml"]

[tls]
certificate = "tls.crt"
key = "tls.key"

[registry.main]
service = "registry.example.com"
kind = "distribution"
"#;

/// A folder with a configuration that loads, and a watch over it.
fn running() -> (TempDir, Watch) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules.d")).unwrap();
    for (name, text) in [("portpass.toml", MAIN), ("tls.crt", "a"), ("tls.key", "a")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let watch = watch(&folder);
    (folder, watch)
}

fn watch(folder: &TempDir) -> Watch {
    let config = load(&folder.path().join("portpass.toml"));
    Watch::new(config.unwrap().footprint)
}

/// The names of the files that a look reports.
fn names(changed: Option<Changed>) -> Vec<String> {
    let files = changed.map(|changed| changed.files).unwrap_or_default();
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.into_iter().map(name).collect()
}

#[test]
fn nothing_is_reported_while_nothing_changes() {
    let (_folder, mut watch) = running();
    for _ in 0..3 {
        assert_eq!(watch.look(), None);
    }
}

#[test]
fn a_change_is_reported_at_the_second_look_and_once() {
    let (folder, mut watch) = running();
    fs::write(
        folder.path().join("portpass.toml"),
        format!("{MAIN}\n# new"),
    )
    .unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["portpass.toml"]);
    assert_eq!(watch.look(), None);
    assert_eq!(watch.look(), None);
}

#[test]
fn a_file_that_is_still_being_written_is_waited_for() {
    let (folder, mut watch) = running();
    for end in [10, 20, 30] {
        let half = MAIN.get(..end).unwrap();
        fs::write(folder.path().join("portpass.toml"), half).unwrap();
        assert_eq!(watch.look(), None);
    }
    assert_eq!(names(watch.look()), ["portpass.toml"]);
}

#[test]
fn a_change_that_is_taken_back_is_no_change() {
    let (folder, mut watch) = running();
    let main = folder.path().join("portpass.toml");
    fs::write(&main, "").unwrap();
    assert_eq!(watch.look(), None);
    fs::write(&main, MAIN).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(watch.look(), None);
}

#[test]
fn what_is_written_anew_with_the_same_content_is_no_change() {
    let (folder, mut watch) = running();
    let main = folder.path().join("portpass.toml");
    fs::remove_file(&main).unwrap();
    fs::write(&main, MAIN).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(watch.look(), None);
}

#[test]
fn included_files_that_come_and_go_are_seen() {
    let (folder, mut watch) = running();
    let rule = folder.path().join("rules.d/a.toml");
    fs::write(&rule, "").unwrap();
    fs::write(folder.path().join("rules.d/.a.toml.swp"), "").unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["a.toml"]);
    fs::remove_file(&rule).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["a.toml"]);
}

#[test]
fn files_under_a_ceiling_are_watched() {
    let folder = tempfile::tempdir().unwrap();
    let main = MAIN.replace(
        "\"rules.d/*.toml\"",
        "{ files = \"teams/*.toml\", within = \"shop/**\" }",
    );
    fs::create_dir(folder.path().join("teams")).unwrap();
    for (name, text) in [
        ("portpass.toml", main.as_str()),
        ("tls.crt", "a"),
        ("tls.key", "a"),
        ("teams/a.toml", ""),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut watch = watch(&folder);
    fs::write(folder.path().join("teams/a.toml"), "# new").unwrap();
    fs::write(folder.path().join("teams/b.toml"), "").unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["a.toml", "b.toml"]);
}

#[test]
fn files_that_the_configuration_names_are_watched() {
    let (folder, mut watch) = running();
    fs::write(folder.path().join("tls.crt"), "b").unwrap();
    assert_eq!(watch.look(), None);
    // The key follows: both are one change, when both have come to rest.
    fs::write(folder.path().join("tls.key"), "b").unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["tls.crt", "tls.key"]);
}

#[test]
fn a_file_that_is_gone_is_reported() {
    let (folder, mut watch) = running();
    fs::remove_file(folder.path().join("portpass.toml")).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["portpass.toml"]);
}

#[test]
fn a_config_map_that_is_turned_to_new_files_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (version, note) in [("..1", "a"), ("..2", "b")] {
        fs::create_dir(root.join(version)).unwrap();
        let text = MAIN.replace("include = [\"rules.d/*.toml\"]", "include = [\"*.toml\"]");
        fs::write(root.join(version).join("portpass.toml"), text + "# " + note).unwrap();
        fs::write(root.join(version).join("rules.toml"), format!("# {note}")).unwrap();
    }
    symlink("..1", root.join("..data")).unwrap();
    for name in ["portpass.toml", "rules.toml"] {
        symlink(Path::new("..data").join(name), root.join(name)).unwrap();
    }
    for name in ["tls.crt", "tls.key"] {
        fs::write(root.join(name), "").unwrap();
    }
    let mut watch = watch(&folder);
    assert_eq!(watch.look(), None);
    // As the kubelet does it: a new link, renamed over the old one.
    symlink("..2", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(names(watch.look()), ["portpass.toml", "rules.toml"]);
    assert_eq!(watch.look(), None);
}
