//! Words that nobody knows: the pointer is under the word, and says what was meant.

use super::*;

#[test]
fn a_misspelt_key_is_pointed_at() {
    let text = LEAST.replace("service =", "servce =");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @r#"
    error: unknown key `servce`; did you mean `service`?
     --> portpass.toml:5:1
      |
    5 | servce = "registry.example.com"
      | ^^^^^^
    "#);
}

#[test]
fn a_misspelt_section_is_pointed_at() {
    assert_snapshot!(complaint("[limit]\nconnections = 1"), @r"
    error: unknown key `limit`; did you mean `limits`?
      --> portpass.toml:13:2
       |
    13 | [limit]
       |  ^^^^^
    ");
}

#[test]
fn a_misspelt_named_section_is_pointed_at() {
    assert_snapshot!(complaint("[rules.everyone]\npull = [\"**\"]"), @r"
    error: unknown key `rules`; did you mean `rule`?
      --> portpass.toml:13:2
       |
    13 | [rules.everyone]
       |  ^^^^^
    ");
}

#[test]
fn a_key_like_no_other_is_answered_with_what_there_is() {
    assert_snapshot!(complaint("[log]\ncolour = true"), @r"
    error: unknown key `colour`; known: `format`, `level`
      --> portpass.toml:14:1
       |
    14 | colour = true
       | ^^^^^^
    ");
}

#[test]
fn a_misspelt_word_is_pointed_at() {
    assert_snapshot!(complaint("[log]\nformat = \"jsn\""), @r#"
    error: unknown word `jsn`; did you mean `json`?
      --> portpass.toml:14:10
       |
    14 | format = "jsn"
       |          ^^^^^
    "#);
}

#[test]
fn misspelt_names_of_tables_are_pointed_at() {
    assert_snapshot!(complaint(r#"
[group.pushers]
members = [{ issuer = "gitub", id = "74" }]

[rule.one]
from = ["github", "gitlab"]
pull = ["**"]

[rule.two]
group = "pusher"
registries = ["prd"]
push = ["**"]

[images.githb]
"74" = ["web"]
"#), @r#"
    error: there is no issuer `gitub`; did you mean `github`?
      --> portpass.toml:15:23
       |
    15 | members = [{ issuer = "gitub", id = "74" }]
       |                       ^^^^^^^

    error: there is no issuer `gitlab`; known: `github`
      --> portpass.toml:18:19
       |
    18 | from = ["github", "gitlab"]
       |                   ^^^^^^^^

    error: there is no group `pusher`; did you mean `pushers`?
      --> portpass.toml:22:9
       |
    22 | group = "pusher"
       |         ^^^^^^^^

    error: there is no registry `prd`; did you mean `prod`?
      --> portpass.toml:23:15
       |
    23 | registries = ["prd"]
       |               ^^^^^

    error: there is no issuer `githb`; did you mean `github`?
      --> portpass.toml:26:9
       |
    26 | [images.githb]
       |         ^^^^^
    "#);
}

#[test]
fn a_key_within_a_list_of_tables_is_pointed_at() {
    assert_snapshot!(complaint(r#"
[group.pushers]
members = [{ issuer = "github", ids = "74" }, { issur = "github", id = "75" }]
"#), @r#"
    error: unknown key `ids`; did you mean `id`?
      --> portpass.toml:15:33
       |
    15 | members = [{ issuer = "github", ids = "74" }, { issur = "github", id = "75" }]
       |                                 ^^^
    "#);
}

#[test]
fn a_dotted_key_and_a_quoted_one_are_pointed_at() {
    assert_snapshot!(complaint("log.fromat = \"json\"\n"), @r#"
    error: unknown key `log`; known: `accept_jwt_again`, `algorithms`, `allow_extra_audiences`, `allow_foreign_audience`, `allow_lints`, `allow_private_network`, `audience`, `bearer_file`, `ca`, `groups_claim`, `id`, `id_claim`, `iss`, `jwks`, `jwks_file`, `jwks_url`, `kind`, `max_jwt_lifetime`, `namespace`, `owner_id`, `owner_path`, `repository_id`, `session_max`, `session_max_uses`, `session_same_network`, `url`
      --> portpass.toml:13:1
       |
    13 | log.fromat = "json"
       | ^^^
    "#);
    assert_snapshot!(complaint("[log]\n\"lev`el, expected\" = 1\n"), @r#"
    error: unknown key `lev`el, expected`; known: `format`, `level`
      --> portpass.toml:14:1
       |
    14 | "lev`el, expected" = 1
       | ^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn every_fault_is_told_at_once_in_the_order_of_the_file() {
    assert_snapshot!(complaint(r#"
[limits]
conections = 5
header_timeout = "soon"
body_max_bytes = 0

[log]
format = "xml"
level = 3

[registry.two]
kind = "harbor"
servce = "x"
token_ttl = "10s"
"#), @r#"
    error: unknown key `conections`; did you mean `connections`?
      --> portpass.toml:15:1
       |
    15 | conections = 5
       | ^^^^^^^^^^

    error: `soon` is not a length of time; write it as in "15m", "1h" or "30s"
      --> portpass.toml:16:18
       |
    16 | header_timeout = "soon"
       |                  ^^^^^^

    error: `0` is out of bounds: at least 16384, at most 16777216
      --> portpass.toml:17:18
       |
    17 | body_max_bytes = 0
       |                  ^

    error: unknown word `xml`; known: `json`, `readable`
      --> portpass.toml:20:10
       |
    20 | format = "xml"
       |          ^^^^^

    error: expected a word in quotes
      --> portpass.toml:21:9
       |
    21 | level = 3
       |         ^

    error: unknown word `harbor`; known: `distribution`, `distribution-2`, `distribution-3.0`, `zot`
      --> portpass.toml:24:8
       |
    24 | kind = "harbor"
       |        ^^^^^^^^

    error: unknown key `servce`; did you mean `service`?
      --> portpass.toml:25:1
       |
    25 | servce = "x"
       | ^^^^^^

    error: `10s` is out of bounds: at least "1m", at most "6h"
      --> portpass.toml:26:13
       |
    26 | token_ttl = "10s"
       |             ^^^^^
    "#);
}
