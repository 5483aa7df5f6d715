//! Values that cannot be.

use super::*;

#[test]
fn wrong_types_are_told_in_plain_words() {
    assert_snapshot!(complaint(r#"
[metrics]
enabled = "yes"

[limits]
connections = -1
header_timeout = 10

[listen]
http = "8080"
trusted_proxies = ["10.0.0.0/8", "10.0.0.0/33"]

[tls]
certificate = ["x"]

[rule.x]
pull = "**"
"#), @r#"
    error: expected `true` or `false`, found the text "yes"
      --> portpass.toml:15:11
       |
    15 | enabled = "yes"
       |           ^^^^^

    error: `-1` is out of bounds: at least 1, at most 1000000
      --> portpass.toml:18:15
       |
    18 | connections = -1
       |               ^^

    error: expected a length of time in quotes, as in "15m", found the number `10`
      --> portpass.toml:19:18
       |
    19 | header_timeout = 10
       |                  ^^

    error: expected an address and a port, as in "127.0.0.1:8080"
      --> portpass.toml:22:8
       |
    22 | http = "8080"
       |        ^^^^^^

    error: expected a network, as in "10.0.0.0/8"
      --> portpass.toml:23:34
       |
    23 | trusted_proxies = ["10.0.0.0/8", "10.0.0.0/33"]
       |                                  ^^^^^^^^^^^^^

    error: expected a text in quotes, found a list
      --> portpass.toml:26:15
       |
    26 | certificate = ["x"]
       |               ^^^^^

    error: expected a list, as in `["…"]`, found the text "**"
      --> portpass.toml:29:8
       |
    29 | pull = "**"
       |        ^^^^
    "#);
}

#[test]
fn a_section_that_is_no_table_is_pointed_at() {
    let text = format!(
        "registry = \"prod\"\nlog = \"json\"\n{}",
        LEAST.replace("[registry.prod]", "[a]")
    );
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @r#"
    error: write `registry` as tables with names: `[registry.NAME]`
     --> portpass.toml:1:1
      |
    1 | registry = "prod"
      | ^^^^^^^^

    error: expected a table, found the text "json"
     --> portpass.toml:2:7
      |
    2 | log = "json"
      |       ^^^^^^

    error: unknown key `a`; known: `admin`, `deny`, `events`, `group`, `images`, `include`, `issuer`, `keys`, `limits`, `listen`, `log`, `match`, `metrics`, `oauth2`, `public_url`, `registry`, `relay`, `rule`, `store`, `test`, `tls`, `within`
     --> portpass.toml:6:2
      |
    6 | [a]
      |  ^
    "#);
}

#[test]
fn periods_have_bounds() {
    assert_snapshot!(complaint(r#"
[registry.two]
service = "two"
kind = "zot"
token_ttl = "59s"

[issuer.gitlab]
kind = "gitlab"
audience = ["a"]
session_max = "7h"
max_jwt_lifetime = "1d"
"#), @r#"
    error: `59s` is out of bounds: at least "1m", at most "6h"
      --> portpass.toml:17:13
       |
    17 | token_ttl = "59s"
       |             ^^^^^

    error: `7h` is out of bounds: at least "0s", at most "6h"
      --> portpass.toml:22:15
       |
    22 | session_max = "7h"
       |               ^^^^

    error: `1d` is not a length of time; write it as in "15m", "1h" or "30s"
      --> portpass.toml:23:20
       |
    23 | max_jwt_lifetime = "1d"
       |                    ^^^^
    "#);
}

#[test]
fn sessions_may_be_held_to_more_than_their_cap() {
    let text = LEAST.replace(
        "[issuer.github]",
        "[issuer.github]\naccept_jwt_again = true\nsession_max_uses = 20\nsession_same_network = true",
    );
    let config = load_files(&[("portpass.toml", &text)]).unwrap();
    let limits = config.issuers[0].session_limits;
    assert_eq!(limits.max_uses.unwrap().get(), 20);
    assert!(limits.same_network && limits.accept_jwt_again);
    let none = text.replace("session_max_uses = 20", "session_max_uses = 0");
    let fault = load_files(&[("portpass.toml", &none)]).unwrap_err();
    let words = "error: `0` is out of bounds: at least 1, at most 1000000";
    assert!(fault.starts_with(words), "{fault}");
}

#[test]
fn names_have_an_alphabet_and_some_are_reserved() {
    assert_snapshot!(complaint(r#"
[issuer.anonymous]
kind = "oidc"
audience = ["a"]

[issuer.GitLab]
kind = "gitlab"
audience = ["a"]

[rule."a b"]
from = ["github"]
"#), @r#"
    error: `anonymous` is a reserved name; call the issuer otherwise
      --> portpass.toml:14:9
       |
    14 | [issuer.anonymous]
       |         ^^^^^^^^^

    error: the name of an issuer is part of repository names: write it in small letters
      --> portpass.toml:18:9
       |
    18 | [issuer.GitLab]
       |         ^^^^^^

    error: `a b` cannot name a rule: names are letters, digits, `-` and `_`, at most 64
      --> portpass.toml:22:7
       |
    22 | [rule."a b"]
       |       ^^^^^
    "#);
}

#[test]
fn two_registries_of_one_service_cannot_be_told_apart() {
    assert_snapshot!(complaint(r#"
[registry.second]
service = "registry.example.com"
kind = "zot"
"#), @r#"
    error: `registry.example.com` is the service of another registry too (portpass.toml:5:11); tokens are told apart by it
      --> portpass.toml:15:11
       |
    15 | service = "registry.example.com"
       |           ^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn ids_of_code_hosts_are_numbers() {
    let text = LEAST.replace("\"65\"", "\"acme\"");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @r#"
    error: `acme` is not an id: they are numbers here; find it as `id` in https://api.github.com/users/NAME
      --> portpass.toml:11:13
       |
    11 | owner_id = ["acme"]
       |             ^^^^^^
    "#);
}

#[test]
fn keys_come_from_one_source() {
    assert_snapshot!(complaint(r#"
[issuer.cluster]
kind = "kubernetes"
audience = []
jwks = "{}"
jwks_url = "https://10.0.0.1/openid/v1/jwks"
"#), @r#"
    error: `audience` is empty; say what the JWT's `aud` must be
      --> portpass.toml:14:9
       |
    14 | [issuer.cluster]
       |         ^^^^^^^

    error: the keys are given twice; keep one of `jwks`, `jwks_file`, `jwks_url`
      --> portpass.toml:18:12
       |
    18 | jwks_url = "https://10.0.0.1/openid/v1/jwks"
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn files_that_are_named_must_be_there() {
    let complaint = complaint("[tls]\ncertificate = \"tls.crt\"\nkey = \"/nowhere/tls.key\"\n");
    assert!(
        complaint.contains("tls.crt cannot be read: No such file"),
        "{complaint}"
    );
    assert!(
        complaint.contains("error: /nowhere/tls.key cannot be read"),
        "{complaint}"
    );
}

#[test]
fn images_are_repository_names_of_ids() {
    assert_snapshot!(complaint("[images.github]\n\"74\" = [\"Web\", \"ok\"]\n\"75\" = []\n"), @r#"
    error: `Web` is not a repository name
      --> portpass.toml:14:9
       |
    14 | "74" = ["Web", "ok"]
       |         ^^^^^

    error: `75` has no names; remove the row or fill it
      --> portpass.toml:15:1
       |
    15 | "75" = []
       | ^^^^
    "#);
}

#[test]
fn both_listeners_need_a_port() {
    assert_snapshot!(complaint("[listen]\nhttp = \"127.0.0.1:9090\"\n"), @r#"
    error: `http` and `ops` are both 127.0.0.1:9090; give each its own port
      --> portpass.toml:14:8
       |
    14 | http = "127.0.0.1:9090"
       |        ^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn the_public_url_is_pointed_at() {
    let text = LEAST.replace(".com\"\n\n", ".com/\"\n\n");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @r#"
    error: it has one spelling; write "https://registry.example.com"
     --> portpass.toml:2:14
      |
    2 | public_url = "https://registry.example.com/"
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn long_lines_and_control_characters_do_not_spoil_the_screen() {
    let padding = "x".repeat(200);
    assert_snapshot!(complaint(&format!("\tlog = {{ a{padding} = 1 }} # \u{7f}")), @r"
    error: invalid comment character, expected printable characters
      --> portpass.toml:13:220
       |
    13 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = 1 } # �
       |                                                                       ^
    ");
}

#[test]
fn nothing_hidden_in_a_name_reaches_the_screen() {
    let hidden = ["\u{1b}[2J", "\u{9b}31m", "\u{202e}", "a\n b"];
    for name in hidden {
        let escaped = name.chars().map(|it| format!("\\U{:08x}", u32::from(it)));
        let escaped = escaped.collect::<Vec<_>>().concat();
        for added in [
            format!("[rule.\"{escaped}\"]\npull = [\"**\"]\n"),
            format!("[listen]\n\"{escaped}\" = 1\n"),
            format!("[rule.a]\nfrom = [\"{escaped}\"]\npull = [\"{escaped}\"]\n"),
        ] {
            let complaint = complaint(&added);
            let shown = complaint.replace(['\n', '\t'], "");
            assert!(!shown.contains(crate::cli::is_hidden), "{complaint:?}");
            assert!(!complaint.contains("a\n b"), "{complaint}");
        }
    }
}

#[test]
fn a_combination_that_the_registry_cannot_verify_is_pointed_at() {
    let complaint =
        complaint("[registry.two]\nservice = \"two\"\nkind = \"zot\"\nprofile = \"x5c\"\n");
    assert!(
        complaint.contains("profile = \"x5c\"\n   |           ^^^^^"),
        "{complaint}"
    );
}

#[test]
fn a_list_whose_only_element_is_faulty_is_not_called_empty() {
    assert_snapshot!(complaint(r#"
[match.pushes]
event = ["pus"]
ref = { not = ["main"] }

[rule.x]
from = [5]
when = { match = [7] }
pull = ["**"]
"#), @r#"
    error: `event` is never `pus`; it is one of api, manual, other, pull_request, pull_request_target, push, release, schedule, tag, workflow_run; did you mean `push`?
      --> portpass.toml:15:10
       |
    15 | event = ["pus"]
       |          ^^^^^

    error: `ref` is always the full ref: `refs/heads/main` or `refs/tags/main`
      --> portpass.toml:16:16
       |
    16 | ref = { not = ["main"] }
       |                ^^^^^^

    error: expected a text in quotes, found the number `5`
      --> portpass.toml:19:9
       |
    19 | from = [5]
       |         ^

    error: expected a text in quotes, found the number `7`
      --> portpass.toml:20:19
       |
    20 | when = { match = [7] }
       |                   ^
    "#);
}

#[test]
fn ids_that_an_issuer_never_proves_are_pointed_at() {
    assert_snapshot!(complaint(r#"
[issuer.cluster]
kind = "kubernetes"
audience = ["registry.example.com"]
iss = ["https://cluster.example.com"]

[group.pushers]
members = [
    { issuer = "github", id = "acme/web" },
    { issuer = "github", id = "74" },
    { issuer = "cluster", id = "builder" },
    { issuer = "cluster", id = "ci/builder" },
]

[images.github]
web = ["web"]
"074" = ["web"]
"76" = []
"#), @r#"
    error: `acme/web` is never an id of issuer `github`, where it is the repository's number
      --> portpass.toml:21:31
       |
    21 |     { issuer = "github", id = "acme/web" },
       |                               ^^^^^^^^^^

    error: `builder` is never an id of issuer `cluster`, where it is `NAMESPACE/SERVICE-ACCOUNT`
      --> portpass.toml:23:32
       |
    23 |     { issuer = "cluster", id = "builder" },
       |                                ^^^^^^^^^

    error: `web` is never an id of issuer `github`, where it is the repository's number
      --> portpass.toml:28:1
       |
    28 | web = ["web"]
       | ^^^

    error: `074` is never an id of issuer `github`, where it is the repository's number
      --> portpass.toml:29:1
       |
    29 | "074" = ["web"]
       | ^^^^^

    error: `76` has no names; remove the row or fill it
      --> portpass.toml:30:1
       |
    30 | "76" = []
       | ^^^^
    "#);
}
