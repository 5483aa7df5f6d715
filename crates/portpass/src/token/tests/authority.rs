//! The CA: ours, given, ending, rolled over.

use std::fs;

use jiff::SignedDuration;

use super::*;

/// A CA as an operator would bring it, for a key of theirs or one of its own.
fn give(house: &mut House, key: Option<&[u8]>, is_authority: bool) {
    let key = match key {
        Some(key) => rcgen::KeyPair::try_from(key).unwrap(),
        None => rcgen::KeyPair::try_from(
            signing_key::SigningKey::generate(Algorithm::Es256)
                .unwrap()
                .pkcs8(),
        )
        .unwrap(),
    };
    let mut parameters = rcgen::CertificateParams::default();
    if is_authority {
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    }
    let folder = house.data_dir.path();
    let (certificate, private) = (folder.join("ca.crt"), folder.join("ca.key"));
    fs::write(&certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    house.ca = Some((certificate, private));
}

#[test]
fn our_ca_certifies_leaves_only_and_for_ten_years() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let bundle = exported(&signer, KeyCommand::CaExport);
    let der = pem::sections(bundle.as_bytes()).unwrap().certificates;
    let (_, authority) = x509_parser::parse_x509_certificate(&der[0]).unwrap();
    let constraints = authority.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let days = authority.validity().not_after.timestamp() - noon().as_second();
    assert_eq!(days / 86_400, 3650);
    let back = noon().as_second() - authority.validity().not_before.timestamp();
    assert_eq!(back, 3600);
}

#[test]
fn its_end_is_announced_180_days_ahead() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let end = signer.authority_expiry(noon()).not_after;
    let days = |days: i64| end - SignedDuration::from_hours(24 * days);
    assert_eq!(signer.authority_expiry(days(181)).warning, None);
    let warning = signer.authority_expiry(days(180)).warning.unwrap();
    insta::assert_snapshot!(warning, @"the CA that registries trust ends at 2036-11-20T12:00:00Z: run `portpass keys ca stage`, give every registry the bundle of `portpass keys ca export`, then run `portpass keys ca activate`");
}

#[test]
fn a_leaf_ends_with_its_ca() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let bundle = exported(&signer, KeyCommand::CaExport);
    let end = signer.authority_expiry(noon()).not_after;
    let late = end - SignedDuration::from_mins(10);
    signer.maintain(late).unwrap();
    let token = signer.sign(grant(&x5c()), late).unwrap();
    assert_eq!(token.expires_at(), end - SignedDuration::from_mins(2));
    assert!(Parts::of(&token).is_good_under(&bundle, token.expires_at()));
    let ended = house.open(&x5c(), end);
    assert!(ended.sign(grant(&x5c()), end).is_err());
    assert!(
        ended
            .authority_expiry(end)
            .warning
            .unwrap()
            .contains("ended at")
    );
    ended.execute(KeyCommand::CaStage, end).unwrap();
    ended.execute(KeyCommand::CaActivate, end).unwrap();
    assert!(ended.sign(grant(&x5c()), end).is_ok());
}

#[test]
fn a_rollover_touches_nobody_who_has_the_bundle() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let error = signer.execute(KeyCommand::CaActivate, noon()).unwrap_err();
    insta::assert_snapshot!(error, @"the CA has no staged key: run `portpass keys ca stage` first");
    let before = Parts::of(&signer.sign(grant(&x5c()), noon()).unwrap());
    signer.execute(KeyCommand::CaStage, noon()).unwrap();
    let bundle = exported(&signer, KeyCommand::CaExport);
    let staged = Parts::of(&signer.sign(grant(&x5c()), noon()).unwrap());
    assert_eq!(staged.kid(), before.kid());
    let now = noon() + SignedDuration::from_mins(1);
    signer.execute(KeyCommand::CaActivate, now).unwrap();
    let after = Parts::of(&signer.sign(grant(&x5c()), now).unwrap());
    assert_ne!(after.kid(), before.kid());
    assert!(before.is_good_under(&bundle, now) && after.is_good_under(&bundle, now));
    // A registry that restarts with a newer bundle takes the old leaf's tokens too.
    let newer = exported(&signer, KeyCommand::CaExport);
    assert!(before.is_good_under(&newer, now) && after.is_good_under(&newer, now));
    let restarted = house.open(&x5c(), now);
    let again = Parts::of(&restarted.sign(grant(&x5c()), now).unwrap());
    assert_eq!(again.kid(), after.kid());
}

#[test]
fn a_given_ca_is_rolled_over_by_giving_another() {
    let mut house = House::new();
    give(&mut house, None, true);
    let signer = house.open(&x5c(), noon());
    let first = exported(&signer, KeyCommand::CaExport);
    let before = Parts::of(&signer.sign(grant(&x5c()), noon()).unwrap());
    assert!(before.is_good_under(&first, noon()));
    assert!(!house.keys().join("ca").exists());
    let error = signer.execute(KeyCommand::CaStage, noon()).unwrap_err();
    assert!(error.to_string().starts_with("the CA is given as files"));
    give(&mut house, None, true);
    signer.prepare(&[x5c()], noon()).unwrap();
    let now = noon() + SignedDuration::from_secs(1);
    let after = Parts::of(&signer.sign(grant(&x5c()), now).unwrap());
    assert_ne!(after.kid(), before.kid());
    assert!(!after.is_good_under(&first, now));
    assert!(after.is_good_under(&exported(&signer, KeyCommand::CaExport), now));
}

#[test]
fn a_given_ca_that_would_not_do_is_refused() {
    let mut house = House::new();
    give(&mut house, None, false);
    let error = house.try_open(&x5c(), noon()).unwrap_err().to_string();
    assert!(
        error.contains("a certificate that may not sign others"),
        "{error}"
    );

    let zero = BASE64.decode(public_key::ZERO_Y.as_bytes()).unwrap();
    give(&mut house, Some(&zero), true);
    let error = house.try_open(&x5c(), noon()).unwrap_err().to_string();
    assert!(error.contains("begins with a zero byte"), "{error}");

    give(&mut house, None, true);
    let (_, key) = house.ca.clone().unwrap();
    let certificate = fs::read(house.data_dir.path().join("ca.crt")).unwrap();
    give(&mut house, None, true);
    fs::write(house.data_dir.path().join("ca.crt"), certificate).unwrap();
    let error = house.try_open(&x5c(), noon()).unwrap_err().to_string();
    assert!(error.contains("not the certificate's"), "{error}");

    fs::remove_file(key).unwrap();
    assert!(matches!(
        house.try_open(&x5c(), noon()),
        Err(KeyError::File { .. })
    ));
}
