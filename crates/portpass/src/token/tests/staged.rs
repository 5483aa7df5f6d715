//! Long-lived keys: staged, exported, activated.

use jiff::SignedDuration;

use super::*;

fn of(registry: &str) -> KeyCommand {
    KeyCommand::Export {
        registry: registry.to_owned(),
        staged: false,
    }
}

fn stage() -> KeyCommand {
    let registry = "prod".to_owned();
    KeyCommand::Stage { registry }
}

fn activate() -> KeyCommand {
    let registry = "prod".to_owned();
    KeyCommand::Activate { registry }
}

fn certificates(pem: &str) -> usize {
    pem::sections(pem.as_bytes()).unwrap().certificates.len()
}

#[test]
fn what_was_exported_after_staging_verifies_before_and_after_activating() {
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    let house = House::new();
    let signer = house.open(&libtrust, noon());
    signer.execute(stage(), noon()).unwrap();
    let trusted: Value = serde_json::from_str(&exported(&signer, of("prod"))).unwrap();
    let before = Parts::of(&signer.sign(grant(&libtrust), noon()).unwrap());
    signer.execute(activate(), noon()).unwrap();
    let after = Parts::of(&signer.sign(grant(&libtrust), noon()).unwrap());
    assert_ne!(before.kid(), after.kid());
    assert!(before.is_good_with(&trusted) && after.is_good_with(&trusted));
    // The old key is published, after a restart too, until its last token ends.
    let restarted = house.open(&libtrust, noon());
    let soon = noon() + SignedDuration::from_mins(15);
    assert!(before.is_good_with(&restarted.jwks(soon)));
    let later = noon() + SignedDuration::from_mins(16);
    assert!(!before.is_good_with(&restarted.jwks(later)));
    assert!(after.is_good_with(&restarted.jwks(later)));
}

#[test]
fn staging_twice_stages_one_key() {
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    let house = House::new();
    let signer = house.open(&libtrust, noon());
    signer.execute(stage(), noon()).unwrap();
    let once = signer.jwks(noon());
    signer.execute(stage(), noon()).unwrap();
    assert_eq!(signer.jwks(noon()), once);
    assert_eq!(states(&signer, noon()), [State::Current, State::Coming]);
}

#[test]
fn each_registry_is_given_what_it_can_read() {
    for (kind, profile) in [
        (RegistryKind::Distribution2, Profile::Libtrust),
        (RegistryKind::Distribution, Profile::Rfc7638),
    ] {
        let registry = Arc::new(Registry {
            kind,
            ..Registry::clone(&registry(profile, Algorithm::Es256))
        });
        let house = House::new();
        let signer = house.open(&registry, noon());
        assert_eq!(certificates(&exported(&signer, of("prod"))), 1);
        signer.execute(stage(), noon()).unwrap();
        assert_eq!(certificates(&exported(&signer, of("prod"))), 2);
    }
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let bundle = exported(&signer, of("prod"));
    assert_eq!(bundle, exported(&signer, KeyCommand::CaExport));
}

#[test]
fn zot_is_given_one_key_at_a_time() {
    let pinned = registry(Profile::Pinned, Algorithm::Es256);
    let house = House::new();
    let signer = house.open(&pinned, noon());
    let next = || KeyCommand::Export {
        registry: "prod".to_owned(),
        staged: true,
    };
    let error = signer.execute(next(), noon()).unwrap_err();
    insta::assert_snapshot!(error, @"registry prod has no staged key: run `portpass keys stage prod` first");
    signer.execute(stage(), noon()).unwrap();
    let (old, new) = (exported(&signer, of("prod")), exported(&signer, next()));
    assert_eq!((certificates(&old), certificates(&new)), (1, 1));
    signer.execute(activate(), noon()).unwrap();
    assert_eq!(exported(&signer, of("prod")), new);
    assert_ne!(old, new);
}

#[test]
fn what_does_not_fit_is_refused_with_the_way_out() {
    let house = House::new();
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    let signer = house.open(&libtrust, noon());
    let refused = |command| signer.execute(command, noon()).unwrap_err().to_string();
    insta::assert_snapshot!(refused(activate()), @"registry prod has no staged key: run `portpass keys stage prod` first");
    insta::assert_snapshot!(refused(KeyCommand::Rotate { registry: Some("prod".to_owned()) }), @"registry prod verifies one key and reads it at its start, so it cannot be rotated at once: `portpass keys stage prod`, `portpass keys export prod`, give it to the registry and restart that, then `portpass keys activate prod`");
    insta::assert_snapshot!(refused(KeyCommand::Rotate { registry: None }), @"no registry has the profile x5c, so there is no leaf to rotate: use `portpass keys stage`, `export` and `activate` with a registry's name");
    insta::assert_snapshot!(refused(of("nowhere")), @r#"no registry is called "nowhere""#);
    insta::assert_snapshot!(refused(KeyCommand::Export { registry: "prod".to_owned(), staged: true }), @"registry prod is given every key that it must trust, the staged one among them: leave out `--staged`");

    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let error = signer.execute(stage(), noon()).unwrap_err();
    insta::assert_snapshot!(error, @"registry prod trusts the CA, whose leaves rotate by themselves: use `portpass keys rotate` for a new leaf, `portpass keys ca stage` for a new CA");
}

#[test]
fn two_registries_never_share_a_key() {
    let one = registry(Profile::Pinned, Algorithm::Es256);
    let two = Arc::new(Registry {
        name: "other".into(),
        ..Registry::clone(&one)
    });
    let house = House::new();
    let signer = house.open(&one, noon());
    signer.prepare(&[one, Arc::clone(&two)], noon()).unwrap();
    assert_ne!(
        exported(&signer, of("prod")),
        exported(&signer, of("other"))
    );
}

#[test]
fn no_answer_holds_a_private_key() {
    for profile in Profile::ALL {
        let house = House::new();
        let signer = house.open(&registry(profile, Algorithm::Es256), noon());
        for command in [of("prod"), KeyCommand::CaExport, KeyCommand::List] {
            let answer = signer.execute(command, noon()).unwrap();
            let text = serde_json::to_string(&answer).unwrap();
            assert!(!text.contains("PRIVATE"), "{text}");
            assert!(!text.contains(r#"\"d\""#), "{text}");
        }
    }
}
