//! Files that are spread over a folder.

use super::*;

const RULE: &str = "[rule.everyone]\nfrom = [\"github\"]\npull = [\"**\"]\n";

fn main_with(include: &str) -> String {
    format!("include = {include}\n{LEAST}")
}

#[test]
fn named_tables_come_together_from_all_files() {
    let config = load_files(&[
        ("portpass.toml", &main_with(r#"["rules.d/*.toml"]"#)),
        ("rules.d/b.toml", RULE),
        (
            "rules.d/a.toml",
            "[rule.other]\nanonymous = true\npull = [\"public/**\"]\n",
        ),
        ("rules.d/.hidden.toml", "not TOML"),
    ])
    .unwrap();
    let names: Vec<_> = config.policy.rules.keys().collect();
    assert_eq!(names, ["everyone", "other"]);
    // The place of a name is in the file it stands in.
    let place = config.policy.rules["everyone"].at;
    assert!(
        config
            .sources
            .describe(place)
            .ends_with("rules.d/b.toml:1:7")
    );
    let pull = config.policy.rules["everyone"].pull[0].at;
    assert!(
        config
            .sources
            .describe(pull)
            .ends_with("rules.d/b.toml:3:9")
    );
}

#[test]
fn a_file_that_matches_twice_is_read_once() {
    let include = r#"["rules.d/*.toml", "rules.d/a.toml", "*.toml"]"#;
    let config = load_files(&[
        ("portpass.toml", &main_with(include)),
        ("rules.d/a.toml", RULE),
    ]);
    assert_eq!(config.unwrap().policy.rules.len(), 1);
}

#[test]
fn the_same_table_in_two_files_names_both_places() {
    let files = [
        ("portpass.toml", &*main_with(r#"["rules.d/*.toml"]"#)),
        ("rules.d/a.toml", RULE),
        ("rules.d/b.toml", &*format!("\n\n{RULE}")),
    ];
    assert_snapshot!(load_files(&files).unwrap_err(), @r"
    error: `rule.everyone` is set twice; first at rules.d/a.toml:1:7: keep it in one table of one file
     --> rules.d/b.toml:3:7
      |
    3 | [rule.everyone]
      |       ^^^^^^^^
    ");
}

#[test]
fn the_same_section_or_value_in_two_files_names_both_places() {
    let files = [
        (
            "portpass.toml",
            &*format!(
                "{}\n[log]\nlevel = \"info\"\n",
                main_with(r#"["more.toml"]"#)
            ),
        ),
        (
            "more.toml",
            "public_url = \"https://other.example.com\"\n[log]\nformat = \"json\"\n",
        ),
    ];
    assert_snapshot!(load_files(&files).unwrap_err(), @r#"
    error: `public_url` is set twice; first at portpass.toml:3:1: keep it in one table of one file
     --> more.toml:1:1
      |
    1 | public_url = "https://other.example.com"
      | ^^^^^^^^^^

    error: `log` is set twice; first at portpass.toml:14:2: keep it in one table of one file
     --> more.toml:2:2
      |
    2 | [log]
      |  ^^^
    "#);
}

#[test]
fn faults_of_an_included_file_are_shown_there() {
    let files = [
        ("portpass.toml", &*main_with(r#"["more.toml"]"#)),
        (
            "more.toml",
            "include = [\"x.toml\"]\n[log]\nlevl = \"info\"\n",
        ),
    ];
    assert_snapshot!(load_files(&files).unwrap_err(), @r#"
    error: an included file includes nothing itself; name the files in the main one
     --> more.toml:1:1
      |
    1 | include = ["x.toml"]
      | ^^^^^^^

    error: unknown key `levl`; did you mean `level`?
     --> more.toml:3:1
      |
    3 | levl = "info"
      | ^^^^
    "#);
}

#[test]
fn an_include_that_names_nothing_is_pointed_at() {
    let complaint = load_files(&[(
        "portpass.toml",
        &main_with(r#"["more.toml", "rules.d/*.toml", 5]"#),
    )])
    .unwrap_err();
    assert_snapshot!(complaint, @r#"
    error: more.toml cannot be read: No such file or directory (os error 2)
     --> portpass.toml:1:12
      |
    1 | include = ["more.toml", "rules.d/*.toml", 5]
      |            ^^^^^^^^^^^

    error: the folder rules.d cannot be read: No such file or directory (os error 2)
     --> portpass.toml:1:25
      |
    1 | include = ["more.toml", "rules.d/*.toml", 5]
      |                         ^^^^^^^^^^^^^^^^

    error: expected a pattern, as in "rules.d/*.toml"
     --> portpass.toml:1:43
      |
    1 | include = ["more.toml", "rules.d/*.toml", 5]
      |                                           ^
    "#);
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let tls = "[tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n[store]\ndata_dir = \"data\"\n";
    let config = load_files(&[
        ("portpass.toml", &main_with(r#"["site/tls.toml"]"#)),
        ("site/tls.toml", tls),
        ("site/tls.crt", ""),
        ("site/tls.key", ""),
    ])
    .unwrap();
    assert!(config.tls.unwrap().key.ends_with("site/tls.key"));
    assert!(config.data_dir.ends_with("site/data"));
    assert!(
        config
            .admin_socket
            .ends_with("site/data/admin/portpass.sock")
    );
}

#[test]
fn a_condition_of_an_included_file_is_pointed_at_when_it_is_compiled() {
    let rule = "[rule.a]\nfrom = [\"github\"]\nwhen = { match = \"relaese\" }\npull = [\"**\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("portpass.toml");
    fs::write(&main, main_with(r#"["more.toml"]"#)).unwrap();
    fs::write(folder.path().join("more.toml"), rule).unwrap();
    let config = load(&main).unwrap();
    let faults = crate::decision::Policy::compile(&config.policy).unwrap_err();
    let shown = config.error(faults).render();
    assert!(shown.contains("more.toml:3:18"), "{shown}");
}
