//! Leaves as time goes by: rotation touches nobody.

use jiff::SignedDuration;

use super::*;

fn leaf_files(house: &House) -> usize {
    std::fs::read_dir(house.keys().join("leaves/ES256"))
        .unwrap()
        .count()
}

#[test]
fn over_ten_days_every_token_lives_under_its_leaf_and_in_the_jwks() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let bundle = exported(&signer, KeyCommand::CaExport);
    let mut now = noon();
    let mut tokens: Vec<(Parts, Timestamp)> = Vec::new();
    let mut kids = std::collections::BTreeSet::new();
    while now < noon() + SignedDuration::from_hours(240) {
        let next = signer.maintain(now).unwrap();
        assert!(next > now);
        let token = signer.sign(grant(&x5c()), now).unwrap();
        assert_eq!(token.lifetime_seconds(), 900);
        kids.insert(Parts::of(&token).kid().to_owned());
        tokens.push((Parts::of(&token), token.expires_at()));
        tokens.retain(|(_, expires_at)| now <= *expires_at);
        for (parts, _) in &tokens {
            assert!(parts.is_good_under(&bundle, now + leaf::OUTLIVES));
            assert!(parts.is_good_with(&signer.jwks(now)));
        }
        now += SignedDuration::from_mins(7);
    }
    assert_eq!(kids.len(), 10);
    assert!(leaf_files(&house) <= 4);
}

#[test]
fn a_leaf_is_published_before_it_signs() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let before = noon() + SignedDuration::from_mins(23 * 60 + 30);
    signer.maintain(before).unwrap();
    assert_eq!(states(&signer, before), [State::Current, State::Coming]);
    let after = noon() + SignedDuration::from_hours(24);
    assert_eq!(states(&signer, after), [State::Past, State::Current]);
    let parts = Parts::of(&signer.sign(grant(&x5c()), after).unwrap());
    assert_eq!(parts.header["kid"], signer.jwks(before)["keys"][1]["kid"]);
}

#[test]
fn a_restart_goes_on_with_the_same_leaf() {
    let house = House::new();
    let first = house
        .open(&x5c(), noon())
        .sign(grant(&x5c()), noon())
        .unwrap();
    let later = noon() + SignedDuration::from_mins(5);
    let again = house
        .open(&x5c(), later)
        .sign(grant(&x5c()), later)
        .unwrap();
    assert_eq!(Parts::of(&first).header, Parts::of(&again).header);
    assert_eq!(leaf_files(&house), 1);
}

#[test]
fn rotating_now_leaves_tokens_of_the_old_leaf_good() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let bundle = exported(&signer, KeyCommand::CaExport);
    let before = Parts::of(&signer.sign(grant(&x5c()), noon()).unwrap());
    let now = noon() + SignedDuration::from_mins(1);
    let rotate = KeyCommand::Rotate { registry: None };
    signer.execute(rotate, now).unwrap();
    let after = Parts::of(&signer.sign(grant(&x5c()), now).unwrap());
    assert_ne!(before.kid(), after.kid());
    for parts in [&before, &after] {
        assert!(parts.is_good_under(&bundle, now));
        assert!(parts.is_good_with(&signer.jwks(now)));
        assert!(parts.is_good_with(&house.open(&x5c(), now).jwks(now)));
    }
}

#[test]
fn rotating_forgets_the_leaf_that_was_to_come() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let now = noon() + SignedDuration::from_mins(23 * 60 + 30);
    signer.maintain(now).unwrap();
    let rotate = KeyCommand::Rotate { registry: None };
    signer.execute(rotate, now).unwrap();
    assert_eq!(states(&signer, now), [State::Past, State::Current]);
    assert_eq!(leaf_files(&house), 2);
}

#[test]
fn a_leaf_signs_nothing_that_would_outlive_it() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    // 48 h, 15 min and 2 min after it was made the leaf ends.
    let late = noon() + SignedDuration::from_hours(48) + SignedDuration::from_mins(10);
    let token = signer.sign(grant(&x5c()), late).unwrap();
    assert_eq!(token.lifetime_seconds(), 300);
    let later = late + SignedDuration::from_mins(5);
    let error = signer.sign(grant(&x5c()), later).unwrap_err();
    insta::assert_snapshot!(error, @"the signing certificate for registry prod ends at 2026-11-25T12:17:00Z, too soon for a token: `portpass keys rotate` makes a new one");
    signer.maintain(later).unwrap();
    assert!(signer.sign(grant(&x5c()), later).is_ok());
}

#[test]
fn longer_tokens_get_a_longer_leaf() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let day = Arc::new(Registry {
        token_ttl: Duration::from_hours(24),
        ..Registry::clone(&x5c())
    });
    let now = noon() + SignedDuration::from_hours(22) + SignedDuration::from_mins(30);
    signer.prepare(std::slice::from_ref(&day), now).unwrap();
    let late = noon() + SignedDuration::from_hours(24);
    signer.maintain(late).unwrap();
    let token = signer.sign(grant(&day), late).unwrap();
    assert_eq!(token.lifetime_seconds(), 24 * 60 * 60);
}

#[test]
fn a_clock_that_is_set_back_still_signs() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let earlier = noon() - SignedDuration::from_mins(50);
    assert!(signer.sign(grant(&x5c()), earlier).is_ok());
}

#[test]
fn a_clock_that_was_wrong_for_a_while_locks_nobody_out() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let day = SignedDuration::from_hours(24);
    for wrong in [
        day * 3,
        day * 365,
        day * 365 * 12,
        -day * 3,
        -day * 365 * 20,
    ] {
        // While it is wrong there may be no key that fits, but nothing breaks for good.
        signer.maintain(noon() + wrong).unwrap();
        signer.maintain(noon()).unwrap();
        let token = signer.sign(grant(&x5c()), noon()).unwrap();
        assert_eq!(token.lifetime_seconds(), 15 * 60, "after {wrong:#}");
        // Nor does a start find anything that keeps it from signing.
        let restarted = house.open(&x5c(), noon());
        assert!(
            restarted.sign(grant(&x5c()), noon()).is_ok(),
            "after {wrong:#}"
        );
    }
}

#[test]
fn a_clock_that_jumps_does_not_pile_up_leaves() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let day = SignedDuration::from_hours(24);
    for jump in 1..=20 {
        signer.maintain(noon() + day * 100 * jump).unwrap();
        signer.maintain(noon()).unwrap();
    }
    assert!(leaf_files(&house) <= 40, "{} files", leaf_files(&house));
    // Each goes when its time has come.
    signer.maintain(noon() + day * 100 * 30).unwrap();
    assert_eq!(leaf_files(&house), 1);
}

#[test]
fn a_reload_keeps_the_keys_of_the_file_before_it() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let libtrust = registry(Profile::Libtrust, Algorithm::EdDsa);
    signer
        .prepare(std::slice::from_ref(&libtrust), noon())
        .unwrap();
    assert!(signer.sign(grant(&x5c()), noon()).is_ok());
    assert!(signer.sign(grant(&libtrust), noon()).is_ok());
}
