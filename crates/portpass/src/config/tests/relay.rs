//! `[relay]`: what goes together, and what is said about the rest.

use super::*;
use crate::{
    decision::Policy,
    relay::{AccessFrom, AnonymousAs, Answering, JwtGrant, PasswordGrant},
};

/// An issuer that a provider can be.
const IDP: &str = r#"
[issuer.idp]
kind = "oidc"
url = "https://id.example.com"
audience = ["registry.example.com"]
"#;

/// The least that a relay needs.
const RELAY: &str = r#"
[relay]
token_url = "https://id.example.com/token"
client_id = "registry"
answer = "passthrough"
"#;

fn relay(added: &str) -> RelaySettings {
    let text = format!("{LEAST}{IDP}{RELAY}{added}");
    let config = load_files(&[("portpass.toml", &text)]).unwrap_or_else(|error| panic!("{error}"));
    config.relay.unwrap().value
}

/// The message of the first fault.
fn told(relay: &str) -> String {
    let told = complaint(&format!("{IDP}{relay}"));
    told.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_least_of_a_relay_loads_with_the_safe_defaults() {
    let relay = relay("");
    assert_eq!(relay.answering, Answering::Passthrough);
    assert_eq!(relay.jwt_grant, JwtGrant::ClientCredentials);
    assert_eq!(relay.password_grant, PasswordGrant::ClientCredentials);
    assert!(!relay.trust_provider && !relay.any_service && !relay.allow_private_network);
    assert_eq!((relay.anonymous, relay.provider), (None, None));
}

#[test]
fn what_is_signed_anew_names_whose_tokens_are_believed() {
    let resign = RELAY.replace("passthrough", "resign");
    assert!(told(&resign).contains("name its issuer in `provider`"));
    let text = |access: &str| format!("{LEAST}{IDP}{resign}provider = \"idp\"\n{access}");
    let answering = |access: &str| {
        let config = load_files(&[("portpass.toml", &text(access))]).unwrap();
        config.relay.unwrap().value.answering
    };
    assert_eq!(answering(""), Answering::Resign(AccessFrom::Rules));
    assert_eq!(
        answering("access = \"rules\""),
        Answering::Resign(AccessFrom::Rules)
    );
    assert_eq!(
        answering("access = \"claim\""),
        Answering::Resign(AccessFrom::Claim)
    );
}

#[test]
fn callers_without_a_credential_are_one_somebody() {
    let by_name = relay("anonymous_username = \"a\"\nanonymous_password = \"b\"");
    let name = AnonymousAs::User {
        name: "a".to_owned(),
        password: "b".to_owned().into(),
    };
    assert_eq!(by_name.anonymous, Some(name));
    for (keys, words) in [
        (
            "anonymous_username = \"a\"",
            "`anonymous_password` is missing",
        ),
        (
            "anonymous_password = \"a\"",
            "`anonymous_username` is missing",
        ),
        (
            "anonymous_username = \"a\"\nanonymous_password = \"b\"\nanonymous_jwt_file = \"portpass.toml\"",
            "one or the other",
        ),
        ("anonymous_jwt_file = \"absent\"", "absent cannot be read"),
    ] {
        let told = told(&format!("{RELAY}{keys}"));
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_token_endpoint_is_where_passwords_may_be_sent() {
    let told_of = |url: &str| told(&RELAY.replace("https://id.example.com/token", url));
    for (url, words) in [
        ("id.example.com/token", "not a URL"),
        ("ftp://id.example.com/token", "not spoken"),
        ("http://id.example.com/token", "in plain text"),
        ("https://jo:hush@id.example.com/", "no place here"),
        ("https://id.example.com/#x", "no `#`"),
        ("https://10.0.0.1/token", "a private address"),
        ("http://127.0.0.1/token", "a private address"),
        ("https://169.254.169.254/token", "never asked for anything"),
    ] {
        let told = told_of(url);
        assert!(told.contains(words), "{url}: {told}");
    }
    let inside = RELAY.replace("https://id.example.com", "http://localhost:8000");
    let text = format!("{LEAST}{inside}allow_private_network = true");
    assert!(load_files(&[("portpass.toml", &text)]).is_ok());
}

#[test]
fn what_does_not_go_together_is_said() {
    let resign = RELAY.replace("passthrough", "resign");
    let claim = format!("{resign}provider = \"idp\"\naccess = \"claim\"\n");
    let rules = format!("{resign}provider = \"idp\"\n");
    for (text, words) in [
        (format!("{RELAY}access = \"claim\""), "leave `access` out"),
        (
            format!("{RELAY}jwt_grant = \"none\""),
            "no access to answer with",
        ),
        (
            format!("{claim}jwt_grant = \"none\""),
            "no access to answer with",
        ),
        (
            format!("{rules}jwt_grant = \"none\"\ntrust_provider = true"),
            "cannot be trusted to look",
        ),
        (
            format!("{rules}anonymous_jwt_file = \"portpass.toml\""),
            "leave `anonymous_*` out",
        ),
        (
            format!("{RELAY}provider = \"idpp\""),
            "there is no issuer `idpp`; did you mean `idp`?",
        ),
        (
            format!("{RELAY}provider = \"github\""),
            "`github` is no identity provider",
        ),
        (
            format!("{RELAY}scope = \"a\\nb\""),
            "words of printable ASCII",
        ),
        (
            format!("{RELAY}jwt_username = \"a:b\""),
            "contains no colon",
        ),
        (format!("{RELAY}session_key = \"\""), "the secret is empty"),
        (
            format!("{RELAY}session_key = \"short\""),
            "the `session_key` is shorter than 32 bytes",
        ),
        (
            RELAY.replace("\"registry\"", "\"\""),
            "the client id is empty",
        ),
        (RELAY.replace("passthrough", "pass"), "unknown word `pass`"),
    ] {
        let told = told(&text);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_trusted_provider_is_warned_about() {
    let warnings = |added: &str| {
        let text = format!("{LEAST}{RELAY}{added}");
        load_files(&[("portpass.toml", &text)]).unwrap().warnings()
    };
    assert_eq!(warnings(""), [""; 0]);
    assert!(warnings("trust_provider = true")[0].contains("a stranger's job may be let in"));
}

#[test]
fn a_rule_asks_for_facts_of_a_job_and_of_its_provider_at_once() {
    let rule = r#"
[rule.push]
from = ["github"]
when = { idp_groups = "acl_docker_push", event = "push", ref = "refs/heads/main" }
push = ["apps/{issuer}/{repository}"]
"#;
    let text = format!("{LEAST}{IDP}{RELAY}{rule}");
    let config = load_files(&[("portpass.toml", &text)]).unwrap_or_else(|error| panic!("{error}"));
    let policy = Policy::compile(&config.policy);
    assert!(policy.is_ok(), "{policy:?}");
}
