//! What a registry makes of a token by the files that it was given.

use jiff::SignedDuration;

use super::*;

/// What `keys export` prints for the registry, as the registry would read it.
fn given(signer: &Signer) -> Trust {
    let command = KeyCommand::Export {
        registry: "prod".to_owned(),
        staged: false,
    };
    let content = exported(signer, command);
    let bytes = content.as_bytes();
    if content.starts_with('{') {
        Trust::read(None, Some(bytes)).unwrap()
    } else {
        Trust::read(Some(bytes), None).unwrap()
    }
}

/// A token and what its registry was given.
fn made(profile: Profile, algorithm: Algorithm) -> (String, Trust) {
    made_for(&registry(profile, algorithm))
}

fn made_for(registry: &Arc<Registry>) -> (String, Trust) {
    let house = House::new();
    let signer = house.open(registry, noon());
    let token = signer.sign(grant(registry), noon()).unwrap();
    (token.encoded().to_owned(), given(&signer))
}

#[test]
fn what_is_exported_is_enough_for_every_profile() {
    for (profile, judgement) in [
        (Profile::X5c, Judgement::Certified),
        (Profile::Libtrust, Judgement::Listed),
        (Profile::Rfc7638, Judgement::Named(Profile::Rfc7638)),
    ] {
        for algorithm in Algorithm::ALL {
            let (token, trust) = made(profile, algorithm);
            assert_eq!(
                trust.judge(&token, noon()),
                judgement,
                "{profile} {algorithm}"
            );
        }
    }
    let (token, trust) = made(Profile::Pinned, Algorithm::Es256);
    assert!(trust.has_signed(&token));
}

#[test]
fn another_houses_keys_are_not() {
    for profile in [Profile::X5c, Profile::Libtrust, Profile::Rfc7638] {
        let (token, _) = made(profile, Algorithm::Es256);
        let (_, trust) = made(profile, Algorithm::Es256);
        assert_eq!(trust.judge(&token, noon()), Judgement::Unknown, "{profile}");
        assert!(!trust.has_signed(&token));
    }
    let (_, trust) = made(Profile::X5c, Algorithm::Es256);
    for text in ["", "a.b.c", "e30.e30."] {
        assert_eq!(trust.judge(text, noon()), Judgement::Unknown, "{text}");
    }
}

#[test]
fn an_id_that_only_some_versions_compute_is_told() {
    let version_2 = |naming| {
        Arc::new(Registry {
            kind: RegistryKind::Distribution2,
            naming,
            ..Registry::clone(&x5c())
        })
    };
    for (naming, judgement) in [
        (
            Naming::Profile(Profile::Libtrust),
            Judgement::Named(Profile::Libtrust),
        ),
        (Naming::Kid("mine".into()), Judgement::UnderAnotherId),
    ] {
        let (token, trust) = made_for(&version_2(naming));
        assert_eq!(trust.judge(&token, noon()), judgement);
    }
}

#[test]
fn dates_are_told_apart_from_signatures() {
    let (token, trust) = made(Profile::X5c, Algorithm::Es256);
    let month = noon() + SignedDuration::from_hours(30 * 24);
    let Judgement::LeafExpired(end) = trust.judge(&token, month) else {
        panic!("a leaf lives days");
    };
    assert!(noon() < end && end < month);
    let years = noon() + SignedDuration::from_hours(11 * 366 * 24);
    let Judgement::AuthorityExpired(end) = trust.judge(&token, years) else {
        panic!("a CA lives ten years");
    };
    assert!(month < end && end < years);
}

#[test]
fn a_key_set_does_for_no_token_with_a_certificate() {
    let (token, _) = made(Profile::X5c, Algorithm::Es256);
    let (_, key_set) = made(Profile::Libtrust, Algorithm::Es256);
    assert_eq!(
        key_set.judge(&token, noon()),
        Judgement::CertificateForKeySet
    );
}

#[test]
fn files_that_hold_nothing_are_told() {
    for (bundle, jwks) in [
        (Some(&b"no certificate"[..]), None),
        (None, Some(&b"{}"[..])),
        (None, Some(&b"[]"[..])),
    ] {
        assert!(Trust::read(bundle, jwks).is_err());
    }
}
