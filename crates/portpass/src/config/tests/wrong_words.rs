//! Words that nobody knows: the pointer is under the word, and says what was meant.

use super::*;

#[test]
fn a_misspelt_key_is_pointed_at() {
    let text = LEAST.replace("service =", "servce =");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @"");
}

#[test]
fn a_misspelt_section_is_pointed_at() {
    assert_snapshot!(complaint("[limit]\nconnections = 1"), @"");
}

#[test]
fn a_misspelt_named_section_is_pointed_at() {
    assert_snapshot!(complaint("[rules.everyone]\npull = [\"**\"]"), @"");
}

#[test]
fn a_key_like_no_other_is_answered_with_what_there_is() {
    assert_snapshot!(complaint("[log]\ncolour = true"), @"");
}

#[test]
fn a_misspelt_word_is_pointed_at() {
    assert_snapshot!(complaint("[log]\nformat = \"jsn\""), @"");
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
"#), @"");
}

#[test]
fn a_key_within_a_list_of_tables_is_pointed_at() {
    assert_snapshot!(complaint(r#"
[group.pushers]
members = [{ issuer = "github", ids = "74" }, { issur = "github", id = "75" }]
"#), @"");
}

#[test]
fn a_dotted_key_and_a_quoted_one_are_pointed_at() {
    assert_snapshot!(complaint("log.fromat = \"json\"\n"), @"");
    assert_snapshot!(complaint("[log]\n\"lev`el, expected\" = 1\n"), @"");
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
"#), @"");
}
