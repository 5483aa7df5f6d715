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
"#), @"");
}

#[test]
fn a_section_that_is_no_table_is_pointed_at() {
    let text = format!(
        "registry = \"prod\"\nlog = \"json\"\n{}",
        LEAST.replace("[registry.prod]", "[a]")
    );
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @"");
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
"#), @"");
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
"#), @"");
}

#[test]
fn two_registries_of_one_service_cannot_be_told_apart() {
    assert_snapshot!(complaint(r#"
[registry.second]
service = "registry.example.com"
kind = "zot"
"#), @"");
}

#[test]
fn ids_of_code_hosts_are_numbers() {
    let text = LEAST.replace("\"65\"", "\"acme\"");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @"");
}

#[test]
fn keys_come_from_one_source() {
    assert_snapshot!(complaint(r#"
[issuer.cluster]
kind = "kubernetes"
audience = []
jwks = "{}"
jwks_url = "https://10.0.0.1/openid/v1/jwks"
"#), @"");
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
    assert_snapshot!(complaint("[images.github]\n\"74\" = [\"Web\", \"ok\"]\n\"75\" = []\n"), @"");
}

#[test]
fn both_listeners_need_a_port() {
    assert_snapshot!(complaint("[listen]\nhttp = \"127.0.0.1:9090\"\n"), @"");
}

#[test]
fn the_public_url_is_pointed_at() {
    let text = LEAST.replace(".com\"\n\n", ".com/\"\n\n");
    assert_snapshot!(load_files(&[("portpass.toml", &text)]).unwrap_err(), @"");
}

#[test]
fn long_lines_and_control_characters_do_not_spoil_the_screen() {
    let padding = "x".repeat(200);
    assert_snapshot!(complaint(&format!("\tlog = {{ a{padding} = 1 }} # \u{7f}")), @"");
}
