//! Whoever owns a file under a ceiling reaches nothing outside of it.

use std::os::unix::fs::symlink;

use super::*;
use crate::decision::Policy;

/// The main file, which includes the files of teams, and what else it says.
fn main_with(include: &str, more: &str) -> String {
    format!("include = {include}\n{LEAST}\n{more}")
}

/// What is said about a team's file, which states its own ceiling.
fn said_of(team: &str) -> String {
    let main = main_with(r#"["team.toml"]"#, "");
    let team = format!("within = \"shop/**\"\n{team}");
    load_files(&[("portpass.toml", &main), ("team.toml", &team)]).unwrap_err()
}

/// The ceiling over a rule, in words.
fn over(config: &Config, rule: &str) -> String {
    config.policy.rules[rule].within.to_string()
}

const RULE: &str = "[rule.team]\nfrom = [\"github\"]\npull = [\"shop/**\"]\n";

#[test]
fn a_file_states_its_own_and_the_main_file_imposes_another_and_both_hold() {
    let entry = r#"[{ files = "teams/*.toml", within = ["shop/**", "tools"] }, "rules.d/*.toml"]"#;
    let config = load_files(&[
        ("portpass.toml", &main_with(entry, "")),
        ("teams/a.toml", &format!("within = \"shop/a/**\"\n{RULE}")),
        ("teams/b.toml", &RULE.replace("team", "imposed")),
        (
            "rules.d/c.toml",
            &format!("within = [\"shop/c\"]\n{}", RULE.replace("team", "own")),
        ),
        ("rules.d/d.toml", &RULE.replace("team", "free")),
    ])
    .unwrap();
    assert_eq!(
        over(&config, "team"),
        "one of `shop/**`, `tools` and `shop/a/**`"
    );
    assert_eq!(over(&config, "imposed"), "one of `shop/**`, `tools`");
    assert_eq!(over(&config, "own"), "`shop/c`");
    assert_eq!(over(&config, "free"), "");
}

#[test]
fn a_file_that_two_entries_name_lies_under_both() {
    for entries in [
        r#"["teams/a.toml", { files = "teams/*.toml", within = "shop/**" }]"#,
        r#"[{ files = "teams/*.toml", within = "shop/**" }, "teams/a.toml"]"#,
        r#"[{ files = "link.toml", within = "shop/**" }, "teams/a.toml"]"#,
        r#"["teams/a.toml", { files = "teams/../link.toml", within = "shop/**" }]"#,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("portpass.toml");
        fs::write(&main, main_with(entries, "")).unwrap();
        fs::create_dir(folder.path().join("teams")).unwrap();
        fs::write(folder.path().join("teams/a.toml"), RULE).unwrap();
        symlink("teams/a.toml", folder.path().join("link.toml")).unwrap();
        assert_eq!(
            over(&load(&main).unwrap(), "team"),
            "`shop/**`",
            "{entries}"
        );
    }
    let both = r#"[{ files = "a.toml", within = "shop/**" }, { files = "*m.toml", within = "*/web" }, { files = "a.to*", within = "**/web" }]"#;
    let config = load_files(&[("portpass.toml", &main_with(both, "")), ("a.toml", RULE)]);
    assert_eq!(over(&config.unwrap(), "team"), "`shop/**` and `**/web`");
}

#[test]
fn a_link_in_a_folder_under_a_ceiling_does_not_narrow_the_file_it_leads_to() {
    for entries in [
        r#"["rules.d/*.toml", { files = "teams/*.toml", within = "shop/**" }]"#,
        r#"[{ files = "teams/*.toml", within = "shop/**" }, "rules.d/*.toml"]"#,
        r#"[{ files = "rules.d/*.toml", within = "**" }, { files = "teams/*.toml", within = "shop/**" }]"#,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("portpass.toml");
        fs::write(&main, main_with(entries, "")).unwrap();
        for name in ["rules.d", "teams"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(
            folder.path().join("rules.d/a.toml"),
            "[deny.all]\npush = [\"**\"]\n",
        )
        .unwrap();
        assert_eq!(load(&main).unwrap().policy.denies.len(), 1, "{entries}");
        symlink("../rules.d/a.toml", folder.path().join("teams/z.toml")).unwrap();
        let said = load(&main).unwrap_err().to_string();
        assert!(
            said.contains("are one file, which this ceiling would narrow"),
            "{said}"
        );
        fs::remove_file(folder.path().join("teams/z.toml")).unwrap();
        symlink("../rules.d", folder.path().join("teams/z")).unwrap();
        let deeper = entries.replace("teams/*.toml", "teams/*/*.toml");
        fs::write(&main, main_with(&deeper, "")).unwrap();
        assert!(load(&main).is_err(), "{deeper}");
    }
}

#[test]
fn settings_of_the_server_are_refused() {
    for section in [
        "[admin]\nlisten = \"127.0.0.1:1\"",
        "[events]\nkeep = \"1d\"",
        "[issuer.mine]\nkind = \"oidc\"\nurl = \"https://id.example.com\"\naudience = [\"x\"]",
        "[keys]",
        "[limits]",
        "[listen]\naddress = \"0.0.0.0:80\"",
        "[log]\nlevel = \"trace\"",
        "[metrics]",
        "[oauth2]",
        "[registry.mine]\nservice = \"x\"\nkind = \"distribution\"",
        "[relay]\naccess = \"claim\"",
        "[store]\ndata_dir = \"/tmp\"",
        "[tls]\ncertificate = \"a\"\nkey = \"b\"",
    ] {
        let key = section.split(['[', '.', ']']).nth(1).unwrap();
        let said = said_of(section);
        let expected = format!("error: `{key}` cannot stand in a file under a ceiling");
        assert!(said.starts_with(&expected), "{section}: {said}");
        assert_eq!(said.matches("error:").count(), 1, "{said}");
    }
    assert_snapshot!(said_of("public_url = \"https://evil.example.com\"\ninclude = [\"x.toml\"]"), @r#"
    error: `public_url` cannot stand in a file under a ceiling, which holds `deny`, `group`, `images`, `match`, `rule`, `test` only: move it into a file without `within`
     --> team.toml:2:1
      |
    2 | public_url = "https://evil.example.com"
      | ^^^^^^^^^^

    error: an included file includes nothing itself; name the files in the main one
     --> team.toml:3:1
      |
    3 | include = ["x.toml"]
      | ^^^^^^^
    "#);
}

#[test]
fn what_is_said_by_dots_or_in_one_line_is_refused_too() {
    assert!(said_of("issuer.mine.kind = \"oidc\"").contains("`issuer` cannot stand"));
    assert!(said_of("\"issuer\" = {}").contains("`issuer` cannot stand"));
    assert!(said_of("issuers = {}").contains("unknown key `issuers`"));
    assert!(said_of("issuer.github.owner_id = [\"66\"]").contains("`issuer` cannot stand"));
}

#[test]
fn a_ceiling_that_is_none_is_refused() {
    for (within, expected) in [
        ("[]", "expected a pattern of repositories or a list of them"),
        (
            "true",
            "expected a pattern of repositories or a list of them",
        ),
        (
            "[\"a\", 5]",
            "expected a pattern of repositories or a list of them",
        ),
        ("{}", "expected a pattern of repositories or a list of them"),
        ("\"\"", "can never be met"),
        ("\"shop/{repository}\"", "no fact can stand in it"),
        ("[\"a\", \"Shop\"]", "no repository name is like this"),
    ] {
        let main = main_with(r#"["team.toml"]"#, "");
        let team = format!("within = {within}\n{RULE}");
        let said = load_files(&[("portpass.toml", &main), ("team.toml", &team)]).unwrap_err();
        assert!(
            said.contains(expected) && said.contains("team.toml:1:"),
            "{said}"
        );
        let main = main_with(
            &format!("[{{ files = \"team.toml\", within = {within} }}]"),
            "",
        );
        let said = load_files(&[("portpass.toml", &main), ("team.toml", RULE)]).unwrap_err();
        assert!(
            said.contains(expected) && said.contains("portpass.toml:1:"),
            "{said}"
        );
    }
}

#[test]
fn a_ceiling_below_a_tables_header_is_no_silence() {
    for team in [
        "[rule.x]\nfrom = [\"github\"]\npull = [\"**\"]\nwithin = \"shop/**\"",
        "[deny.x]\npull = [\"**\"]\nwithin = \"shop/**\"",
        "[match.x]\nfork = false\nwithin = \"shop/**\"",
        "[group.x]\nmembers = []\nwithin = \"shop/**\"",
        "[images.github]\nwithin = [\"shop\"]",
    ] {
        let main = main_with(r#"["team.toml"]"#, "");
        let said = load_files(&[("portpass.toml", &main), ("team.toml", team)]).unwrap_err();
        assert!(said.contains("within"), "{said}");
    }
}

#[test]
fn entries_are_pointed_at() {
    let main = main_with(
        r#"["rules.d/*.toml", { within = "a" }, { files = 5 }, { files = "rules.d/*", whitin = "a" }, { files = "*.toml", within = "a" }]"#,
        "",
    );
    let files = [("portpass.toml", main.as_str()), ("rules.d/a.toml", "")];
    let said = load_files(&files).unwrap_err();
    for expected in [
        "error: `files` is missing\n --> portpass.toml:1:30\n",
        "error: expected a pattern, as in \"rules.d/*.toml\"\n --> portpass.toml:1:58\n",
        "error: unknown key `whitin`; known: `files`, `within`\n --> portpass.toml:1:86\n",
        "error: this entry names the main file itself, over which there is no ceiling: keep what \
         has one in a folder of its own\n --> portpass.toml:1:131\n",
    ] {
        assert!(said.contains(expected), "{expected}{said}");
    }
    assert_eq!(said.matches("error:").count(), 4, "{said}");
}

#[test]
fn the_main_file_has_no_ceiling() {
    let main = format!("within = \"shop/**\"\n{LEAST}");
    assert_snapshot!(load_files(&[("portpass.toml", &main)]).unwrap_err(), @r#"
    error: the main file has no ceiling: say `within` in an included file, or in an entry of `include`
     --> portpass.toml:1:1
      |
    1 | within = "shop/**"
      | ^^^^^^
    "#);
}

#[test]
fn ceilings_that_nothing_lies_within_are_refused() {
    let main = main_with(r#"[{ files = "team.toml", within = "shop/**" }]"#, "");
    let files = [
        ("portpass.toml", main.as_str()),
        ("team.toml", "within = \"web/**\"\n"),
    ];
    assert_snapshot!(load_files(&files).unwrap_err(), @r#"
    error: no repository lies within both this and `shop/**`, which is a ceiling of the file already: make them meet, or remove one
     --> team.toml:1:10
      |
    1 | within = "web/**"
      |          ^^^^^^^^
    "#);
}

#[test]
fn matches_and_groups_are_named_in_their_file_only() {
    let team = "within = \"shop/**\"\n[match.mine]\nfork = false\n[match.more]\nmatch = \"mine\"\n\
                [group.ours]\nmembers = []\n\
                [rule.team]\ngroup = \"ours\"\nwhen = { match = [\"mine\", \"theirs\"] }\npull = [\"shop/**\"]\n\
                [rule.of-theirs]\ngroup = \"theirs\"\npull = [\"shop/**\"]\n";
    let shared = "[match.theirs]\nfork = false\n[group.theirs]\nmembers = []\n";
    let main = |more: &str| main_with(r#"["team.toml"]"#, &format!("{shared}{more}"));
    load_files(&[("portpass.toml", &main("")), ("team.toml", team)]).unwrap();
    let more = "[match.by-match]\nmatch = \"mine\"\n\
                [deny.by-group]\ngroup = \"ours\"\npull = [\"x\"]\n\
                [rule.by-when]\nfrom = [\"github\"]\nwhen = { match = [\"theirs\", \"mine\"] }\npull = [\"x\"]\n";
    let files = [
        ("portpass.toml", main(more)),
        ("team.toml", team.to_owned()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let said = load_files(&files).unwrap_err();
    let only = "stands in team.toml, a file under a ceiling, and may be named there only";
    assert_eq!(
        said.matches(&format!("error: match `mine` {only}")).count(),
        2,
        "{said}"
    );
    assert_eq!(
        said.matches(&format!("error: group `ours` {only}")).count(),
        1,
        "{said}"
    );
    assert_eq!(said.matches("--> portpass.toml:").count(), 3, "{said}");
    // Another team's file is outside, too, under whichever ceiling.
    let include = r#"[{ files = "*m.toml", within = "shop/**" }]"#;
    let other = "[rule.other]\ngroup = \"ours\"\npull = [\"shop/**\"]\n";
    let main = main_with(include, shared);
    let files = [
        ("portpass.toml", main.as_str()),
        ("team.toml", team),
        ("xm.toml", other),
    ];
    assert!(
        load_files(&files)
            .unwrap_err()
            .contains("group `ours` stands in team.toml")
    );
}

#[test]
fn a_table_of_somebody_else_is_not_added_to() {
    let theirs = "[rule.free]\nfrom = [\"github\"]\npull = [\"**\"]\n[group.ops]\nmembers = []\n[match.m]\nfork = false\n";
    for team in [
        "rule.free.push = [\"**\"]",
        "[rule.free.when]\nfork = true",
        "[rule]\nfree = { any_run = true }",
        "[group.ops]\nmembers = [{ issuer = \"github\", id = \"666\" }]",
        "[match.m]\nfork = true",
    ] {
        let main = main_with(r#"["team.toml"]"#, theirs);
        let team = format!("within = \"shop/**\"\n{team}");
        let said = load_files(&[("portpass.toml", &main), ("team.toml", &team)]).unwrap_err();
        assert!(
            said.contains("is set twice; first at portpass.toml:"),
            "{said}"
        );
    }
}

#[test]
fn rows_of_images_lie_within() {
    let main = main_with(r#"["team.toml"]"#, "[images.github]\n\"75\" = [\"api\"]\n");
    let team = |rows: &str| format!("within = \"shop/**\"\n[images.github]\n{rows}\n");
    let load = |rows: &str| load_files(&[("portpass.toml", &main), ("team.toml", &team(rows))]);
    let images = load("\"74\" = [\"shop/web\"]").unwrap().policy.images;
    assert_eq!(images["github"].keys().collect::<Vec<_>>(), ["74", "75"]);
    assert_snapshot!(load("\"74\" = [\"shop/web\", \"web\"]").unwrap_err(), @r#"
    error: `web` does not lie within `shop/**`, which is the ceiling of this file: move the row into a file without this ceiling
     --> team.toml:3:21
      |
    3 | "74" = ["shop/web", "web"]
      |                     ^^^^^
    "#);
    let twice = load("\"75\" = [\"shop/api\"]").unwrap_err();
    assert!(
        twice.contains("`images.github.75` is set twice; first at portpass.toml:"),
        "{twice}"
    );
}

#[test]
fn what_a_rule_can_never_give_is_pointed_at_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("portpass.toml");
    fs::write(&main, main_with(r#"["team.toml"]"#, "")).unwrap();
    let team = "within = \"shop/**\"\n[rule.a]\nfrom = [\"github\"]\ncatalog = true\npull = [\"web/**\"]\n";
    fs::write(folder.path().join("team.toml"), team).unwrap();
    let config = load(&main).unwrap();
    let faults = Policy::compile(&config.policy).unwrap_err();
    let said = without(folder.path(), &config.error(faults).render());
    for expected in [
        "`catalog` is of all repositories, and this file of those within `shop/**`",
        "--> team.toml:2:7",
        "`web/**` can never lie within `shop/**`",
        "--> team.toml:5:9",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}
