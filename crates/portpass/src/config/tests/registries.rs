//! Registries that know another provider's key, and those that ask about their tokens.

use super::*;
use crate::registry::{Algorithm, Naming, Profile, RegistryKind};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A private key of P-256, in PEM.
fn key() -> String {
    // One in 128 has a coordinate that distribution computes another id of.
    loop {
        let key = rcgen::KeyPair::generate().unwrap();
        if !key.public_key_raw()[1..].chunks(32).any(|it| it[0] == 0) {
            return key.serialize_pem();
        }
    }
}

/// The least file with a registry `two`, beside keys and a secret.
fn with(lines: &str) -> Result<Config, String> {
    with_tables(&format!(
        "[registry.two]\nservice = \"two\"\nkind = \"distribution\"\n{lines}\n"
    ))
}

fn with_tables(tables: &str) -> Result<Config, String> {
    load_files(&[
        ("portpass.toml", &format!("{LEAST}\n{tables}")),
        ("a.pem", &key()),
        ("b.pem", &key()),
        ("keys/broken.pem", "nonsense"),
        ("secret", &format!("{SECRET}\n")),
    ])
}

/// What is said about each, without the line that it is about.
fn said(all: &[&str]) -> String {
    let said = all.iter().map(|lines| {
        let text = with(lines).unwrap_err();
        let errors = text.lines().filter(|line| line.starts_with("error"));
        errors.collect::<Vec<_>>().join("\n")
    });
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_registry_keeps_its_issuer_its_key_and_its_id() {
    let issuer = "https://id.example.com/application/o/docker-registry/";
    let kid = "7c69e6a7bd0ebbf21b447d3b8b172214";
    let config = with(&format!(
        "issuer = '{issuer}'\nkey = 'a.pem'\nkid = '{kid}'"
    ))
    .unwrap();
    let [prod, two] = config.registries.as_slice() else {
        panic!("there are two");
    };
    assert_eq!(prod.token_issuer, config.public_url);
    assert_eq!((&prod.key, &prod.introspection_secret), (&None, &None));
    assert_eq!(two.token_issuer, issuer);
    assert_eq!(two.naming, Naming::Kid(kid.into()));
    assert!(two.key.as_ref().unwrap().ends_with("a.pem"));
}

#[test]
fn without_an_id_the_kind_says_how_a_given_key_is_named() {
    for (kind, profile) in [
        (RegistryKind::Distribution, Profile::Rfc7638),
        (RegistryKind::Distribution2, Profile::Libtrust),
        (RegistryKind::Distribution30, Profile::Libtrust),
        (RegistryKind::Zot, Profile::Pinned),
    ] {
        let table = format!("[registry.two]\nservice = 'two'\nkind = '{kind}'\nkey = 'a.pem'");
        let config = with_tables(&table).unwrap();
        assert_eq!(config.registries[1].naming, Naming::Profile(profile));
    }
    let config = with("key = 'a.pem'\nprofile = 'libtrust'").unwrap();
    let libtrust = Naming::Profile(Profile::Libtrust);
    assert_eq!(config.registries[1].naming, libtrust);
}

#[test]
fn what_does_not_go_together_is_refused() {
    assert_snapshot!(said(&[
        "kid = 'x'",
        "key = 'a.pem'\nkid = 'x'\nprofile = 'rfc7638'",
        "key = 'a.pem'\nprofile = 'x5c'",
        "key = 'a.pem'\nprofile = 'pinned'",
        "key = 'a.pem'\nkid = ''",
        "key = 'a.pem'\nkid = \"a\\nb\"",
        "issuer = ''",
    ]), @r#"
    error: `kid` is the id of a given key: give its file as `key`, or leave out `kid`
    error: `kid` says how the key is named: leave out `profile`
    error: profile `x5c` signs with leaves under the CA, not with `key`: leave out `profile` or name the key with `kid`; or leave out `key`, and give a CA of your own as `[keys] ca`
    error: distribution needs a certificate or a key id: use profile `x5c`, or `libtrust` for a key that is given
    error: a `kid` is not empty and has no control characters
    error: a `kid` is not empty and has no control characters
    error: an issuer is not empty and has no control characters
    "#);
    let long = "x".repeat(257);
    assert_snapshot!(said(&[&format!("key = 'a.pem'\nkid = '{long}'")]), @"error: this `kid` is longer than 256 bytes");
}

#[test]
fn what_the_registry_cannot_verify_under_any_id_is_refused() {
    let table = |kind: RegistryKind, algorithm: Algorithm| {
        format!(
            "[registry.two]\nservice = 'two'\nkind = '{kind}'\nkey = 'a.pem'\nkid = 'x'\nalgorithm = '{algorithm}'"
        )
    };
    for kind in [
        RegistryKind::Distribution,
        RegistryKind::Distribution2,
        RegistryKind::Distribution30,
    ] {
        with_tables(&table(kind, Algorithm::Es256)).unwrap();
    }
    let fault = with_tables(&table(RegistryKind::Distribution2, Algorithm::EdDsa)).unwrap_err();
    assert!(fault.contains("distribution 2 knows no EdDSA"), "{fault}");
    let fault = with_tables(&table(RegistryKind::Zot, Algorithm::Es256)).unwrap_err();
    assert!(fault.contains("leave out `kid`"), "{fault}");
}

#[test]
fn a_key_that_cannot_be_used_is_pointed_at() {
    assert_snapshot!(with("key = 'keys/broken.pem'\nkid = 'x'").unwrap_err(), @r#"
    error: keys/broken.pem: a file without a private key
      --> portpass.toml:16:7
       |
    16 | key = 'keys/broken.pem'
       |       ^^^^^^^^^^^^^^^^^
    "#);
    assert_snapshot!(with("key = 'keys/absent.pem'\nkid = 'x'").unwrap_err(), @r#"
    error: keys/absent.pem cannot be read: No such file or directory (os error 2)
      --> portpass.toml:16:7
       |
    16 | key = 'keys/absent.pem'
       |       ^^^^^^^^^^^^^^^^^
    "#);
    let fault = said(&["key = 'a.pem'\nkid = 'x'\nalgorithm = 'RS256'"]);
    assert!(fault.contains("a key that signs ES256"), "{fault}");
}

#[test]
fn keys_that_could_be_taken_for_one_another_are_refused() {
    let table = |name: &str, kind: &str, rest: &str| {
        format!("[registry.{name}]\nservice = '{name}'\nkind = '{kind}'\n{rest}\n")
    };
    let one = table("one", "distribution", "key = 'a.pem'\nkid = 'x'");
    let fault = |two: &str| with_tables(&(one.clone() + two)).unwrap_err();
    assert_snapshot!(fault(&table("zot", "zot", "key = 'a.pem'")), @r#"
    error: this is the key of registry `one` too, and zot looks at neither `iss` nor `aud`: tokens for one would be good at the other; give each its own
      --> portpass.toml:21:7
       |
    21 | key = 'a.pem'
       |       ^^^^^^^
    "#);
    assert_snapshot!(fault(&table("two", "distribution", "key = 'b.pem'\nkid = 'x'")), @r#"
    error: the `kid` is that of another key, registry `one`'s: whoever finds keys by our JWKS could not tell them apart
      --> portpass.toml:21:7
       |
    21 | key = 'b.pem'
       |       ^^^^^^^
    "#);
    let same = table("two", "distribution", "key = 'a.pem'\nkid = 'x'");
    with_tables(&(one.clone() + &same)).unwrap();
    let own = table("zot", "zot", "key = 'b.pem'");
    with_tables(&(one + &own)).unwrap();
}

#[test]
fn a_given_key_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("portpass.toml");
    let pem = folder.path().join("a.pem");
    let table = "[registry.two]\nservice = 'two'\nkind = 'distribution'\nkey = 'a.pem'\nkid = 'x'";
    fs::write(&main, format!("{LEAST}\n{table}")).unwrap();
    fs::write(&pem, key()).unwrap();
    let mut watch = Watch::new(load(&main).unwrap().footprint);
    assert_eq!(watch.look(), None);
    fs::write(&pem, key()).unwrap();
    assert_eq!(watch.look(), None);
    assert_eq!(watch.look().unwrap().files, [pem]);
}

#[test]
fn replicas_are_given_the_same_key() {
    let shared = "[store]\ndatabase_url = 'postgres://db/portpass'";
    let config = with(&format!("key = 'a.pem'\n{shared}")).unwrap();
    let [ca]: [String; 1] = config.warnings().try_into().unwrap();
    assert!(ca.contains("[keys] ca"), "{ca}");
}

#[test]
fn a_registry_has_a_secret_to_introspect_with() {
    for given in [format!("'{SECRET}'"), "{ file = 'secret' }".to_owned()] {
        let config = with(&format!("introspection_secret = {given}")).unwrap();
        let two = &config.registries[1];
        let secret = two.introspection_secret.as_ref().unwrap();
        assert_eq!(secret.expose(), SECRET);
        assert!(!format!("{two:?}").contains(SECRET));
        assert!(!format!("{config:?}").contains(SECRET));
    }
}

#[test]
fn a_secret_that_is_short_is_refused_and_not_repeated() {
    assert_snapshot!(with("introspection_secret = 'hunter2'").unwrap_err(), @r#"
    error: the `introspection_secret` of registry `two` is shorter than 32 bytes; make one with `openssl rand -hex 32`
      --> portpass.toml:13:11
       |
    13 | [registry.two]
       |           ^^^
    "#);
    let inline = "two = { service = 'two', kind = 'zot', introspection_secret = 'hunter2' }";
    let dotted = "two.introspection_secret = 'hunter2'\ntwo.service = 'two'\ntwo.kind = 'zot'";
    for registries in [inline, dotted] {
        let text = format!("public_url = 'https://registry.example.com'\n[registry]\n{registries}");
        let fault = load_files(&[("portpass.toml", &text)]).unwrap_err();
        assert!(fault.contains("shorter than 32 bytes"), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
    let fault = with("introspection_secret = ''").unwrap_err();
    assert!(fault.contains("the secret is empty"), "{fault}");
}
