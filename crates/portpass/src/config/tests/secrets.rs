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
    assert_snapshot!(faults.join("\n"), @r#"
    error: whoever reaches this port could do everything; give `tokens`
    error: tokens are for the admin API over TCP; set `listen`, or remove them
    error: the secret of `alice` is shorter than 32 bytes; make one with `openssl rand -hex 32`
    error: the secret is empty
    error: absent cannot be read: No such file or directory (os error 2)
    error: `listen.ops` is 127.0.0.1:9090 as well; give each its own port
    error: the tokens would cross the network in plain text; listen on loopback, or give a certificate with `[tls]`
    error: expected a text in quotes, or `{ file = "…" }`, found the number `7`
    "#);
}

#[test]
fn the_address_of_a_database_is_a_secret() {
    let url = "postgres://portpass:hunter2@db.example.com/portpass";
    let config = with(&format!("[store]\ndatabase_url = '{url}'")).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(config.database_url.unwrap().expose(), url);
    assert_snapshot!(with("[store]\ndatabase_url = 'mysql://root:hunter2@db'").unwrap_err(), @r"
    error: the address of a PostgreSQL database begins with `postgres://`
      --> portpass.toml:14:16
       |
    14 | database_url = 'mysql://root********@db'
       |                ^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
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
        assert!(
            fault.contains("`members`") && fault.contains("operators"),
            "{fault}"
        );
    }
}
