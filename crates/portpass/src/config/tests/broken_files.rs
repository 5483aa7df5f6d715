//! Files that are not even TOML.

use super::*;

fn load_bytes(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("portpass.toml");
    fs::write(&main, bytes).unwrap();
    without(folder.path(), &load(&main).unwrap_err().render())
}

#[test]
fn a_missing_file_is_named() {
    let error = load(Path::new("/nowhere/portpass.toml")).unwrap_err();
    assert_snapshot!(error.render(), @"");
}

#[test]
fn a_directory_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(folder.path()).unwrap_err();
    assert_eq!(
        error.faults()[0].message,
        "is a directory; name the file in it"
    );
}

#[test]
fn bytes_that_are_not_utf8_are_pointed_at() {
    assert_snapshot!(load_bytes(b"public_url = \"x\"\n[log]\nformat = \"\xff\"\n"), @"");
    assert_snapshot!(load_bytes(b"\xff\xfep\0u\0"), @"");
}

#[test]
fn a_byte_order_mark_is_refused() {
    assert_snapshot!(load_bytes("\u{feff}[log]\n".as_bytes()), @"");
}

#[test]
fn what_is_not_toml_is_pointed_at() {
    assert_snapshot!(load_bytes(b"public_url = https://registry.example.com\n"), @"");
    assert_snapshot!(load_bytes(b"[log\nlevel = \"info\"\n"), @"");
    assert_snapshot!(load_bytes(b"[log]\nlevel = \"info\"\nlevel = \"warn\"\n"), @"");
    assert_snapshot!(load_bytes(b"[log]\n[log]\n"), @"");
}

#[test]
fn no_text_of_a_file_stops_the_reading() {
    for end in 0..LEAST.len() {
        let cut = LEAST.get(..end).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("portpass.toml");
        fs::write(&main, cut).unwrap();
        if let Err(error) = load(&main) {
            assert!(!error.faults().is_empty());
            assert!(error.render().starts_with("error: "));
        }
    }
}
