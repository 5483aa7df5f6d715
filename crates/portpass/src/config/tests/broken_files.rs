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
    assert_snapshot!(error.render(), @r"
    error: this file cannot be read: No such file or directory (os error 2)
     --> /nowhere/portpass.toml:1:1
      |
    1 |
      | ^
    ");
}

#[test]
fn a_directory_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(folder.path()).unwrap_err();
    assert_eq!(
        error.faults()[0].message,
        "this is a directory; name the file in it"
    );
}

#[test]
fn bytes_that_are_not_utf8_are_pointed_at() {
    assert_snapshot!(load_bytes(b"public_url = \"x\"\n[log]\nformat = \"\xff\"\n"), @r#"
    error: this file is not UTF-8; save it as UTF-8
     --> portpass.toml:3:11
      |
    3 | format = "�"
      |           ^
    "#);
    assert_snapshot!(load_bytes(b"\xff\xfep\0u\0"), @r"
    error: this file is UTF-16; save it as UTF-8
     --> portpass.toml:1:1
      |
    1 | ��p�u�
      | ^
    ");
}

#[test]
fn a_byte_order_mark_is_refused() {
    assert_snapshot!(load_bytes("\u{feff}[log]\n".as_bytes()), @r"
    error: this file begins with a byte order mark; save it as UTF-8 without one
     --> portpass.toml:1:1
      |
    1 | �[log]
      | ^
    ");
}

#[test]
fn what_is_not_toml_is_pointed_at() {
    assert_snapshot!(load_bytes(b"public_url = https://registry.example.com\n"), @r"
    error: a text stands in quotes
     --> portpass.toml:1:14
      |
    1 | public_url = https://registry.example.com
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    assert_snapshot!(load_bytes(b"[log\nlevel = \"info\"\n"), @r"
    error: unclosed table, expected `]`
     --> portpass.toml:1:5
      |
    1 | [log
      |     ^
    ");
    assert_snapshot!(load_bytes(b"[log]\nlevel = \"info\"\nlevel = \"warn\"\n"), @r#"
    error: this stands here for the second time; keep one
     --> portpass.toml:3:1
      |
    3 | level = "warn"
      | ^^^^^
    "#);
    assert_snapshot!(load_bytes(b"[log]\n[log]\n"), @r"
    error: this stands here for the second time; keep one
     --> portpass.toml:2:2
      |
    2 | [log]
      |  ^^^
    ");
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
