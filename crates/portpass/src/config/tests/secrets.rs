//! Secrets, and what they open: the database and the admin API over TCP.

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The least file with some lines added, beside files with tokens.
fn with(added: &str) -> Result<Config, String> {
    let text = format!("{LEAST}\n{added}");
    load_files(&[
        ("portpass.toml", &text),
        ("alice", &format!("{TOKEN}\n")),
        ("bare", TOKEN),
        ("empty", "\n"),
    ])
}

#[test]
fn a_secret_is_a_text_or_a_file_without_its_last_newline() {
    let config = with(&format!(
        "[admin]\nlisten = '127.0.0.1:9091'\n\
         tokens = {{ alice = {{ file = 'alice' }}, bare = {{ file = 'bare' }}, text = '{TOKEN}' }}"
    ))
    .unwrap();
    let admin = config.admin_listen.unwrap();
    assert_eq!(admin.address.to_string(), "127.0.0.1:9091");
    assert_eq!(admin.tokens.len(), 3);
    for secret in admin.tokens.values() {
        assert_eq!(secret.expose(), TOKEN);
    }
    assert!(!format!("{admin:?}").contains(TOKEN));
}

#[test]
fn tokens_that_protect_nothing_are_refused() {
    let faults = [
        "listen = '127.0.0.1:9091'",
        "tokens = { alice = { file = 'alice' } }",
        "listen = '127.0.0.1:9091'\ntokens = { alice = 'short' }",
        "listen = '127.0.0.1:9091'\ntokens = { alice = { file = 'empty' } }",
        "listen = '127.0.0.1:9091'\ntokens = { alice = { file = 'absent' } }",
        "listen = '127.0.0.1:9090'\ntokens = { alice = { file = 'alice' } }",
        "listen = '192.0.2.1:9091'\ntokens = { alice = { file = 'alice' } }",
        "listen = '127.0.0.1:9091'\ntokens = { alice = 7 }",
    ]
    .map(|admin| {
        let text = with(&format!("[admin]\n{admin}")).unwrap_err();
        text.lines().next().unwrap().to_owned()
    });
    assert_snapshot!(faults.join("\n"), @"");
}

#[test]
fn the_address_of_a_database_is_a_secret() {
    let url = "postgres://portpass:hunter2@db.example.com/portpass";
    let config = with(&format!("[store]\ndatabase_url = '{url}'")).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(config.database_url.unwrap().expose(), url);
    assert_snapshot!(with("[store]\ndatabase_url = 'mysql://root:hunter2@db'").unwrap_err(), @"");
}

#[test]
fn replicas_that_cannot_share_their_keys_are_warned_of() {
    let lonely = "[registry.zot]\nservice = 'zot'\nkind = 'zot'\n";
    let config = with(lonely).unwrap();
    assert_eq!(config.warnings(), [""; 0]);
    let shared = "[store]\ndatabase_url = 'postgres://db/portpass'";
    let config = with(&format!("{lonely}{shared}")).unwrap();
    let [ca, key]: [String; 2] = config.warnings().try_into().unwrap();
    assert!(ca.contains("[keys] ca"), "{ca}");
    assert!(key.contains("[registry.zot]"), "{key}");
}

#[test]
fn a_group_is_kept_in_the_file_or_by_operators() {
    use crate::decision::GroupSource;

    let config = with("[group.people]\noperators = true").unwrap();
    assert_eq!(config.policy.groups["people"], GroupSource::Operators);
    for both in ["operators = true\nmembers = []", "", "operators = false"] {
        let fault = with(&format!("[group.people]\n{both}")).unwrap_err();
        assert!(fault.contains("`members`") && fault.contains("operators"), "{fault}");
    }
}
