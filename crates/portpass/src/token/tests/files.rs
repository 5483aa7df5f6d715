//! What lies on the disk: for our eyes only, and never overwritten in doubt.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::*;

fn each_file(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        visit(&path);
        if path.is_dir() {
            each_file(&path, visit);
        }
    }
}

#[test]
fn only_we_may_read_keys() {
    let house = House::new();
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    house.open(&x5c(), noon());
    house.open(&libtrust, noon());
    let mut files = 0;
    each_file(&house.keys(), &mut |path| {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
        files += usize::from(path.is_file());
    });
    assert_eq!(files, 3);
}

#[test]
fn a_file_that_holds_something_else_is_named_and_left_alone() {
    for (profile, file) in [
        (Profile::X5c, "ca/current.pem"),
        (Profile::X5c, "leaves/ES256/1795435200000.pem"),
        (Profile::Libtrust, "registries/prod/ES256/current.pem"),
    ] {
        let house = House::new();
        let registry = registry(profile, Algorithm::Es256);
        house.open(&registry, noon());
        let path = house.keys().join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let half: String = whole.lines().take(3).collect::<Vec<_>>().join("\n");
        for text in [half.as_str(), "nonsense", ""] {
            fs::write(&path, text).unwrap();
            let error = house.try_open(&registry, noon()).unwrap_err().to_string();
            assert!(error.contains(file), "{error}");
            assert!(error.contains("the file is left as it is"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}

#[test]
fn a_key_of_another_is_refused() {
    let house = House::new();
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    house.open(&libtrust, noon());
    let path = house.keys().join("registries/prod/ES256/current.pem");
    let text = fs::read_to_string(&path).unwrap();
    let (_, certificate) = text.split_at(text.find("-----BEGIN CERT").unwrap());
    let zero = BASE64.decode(public_key::ZERO_X.as_bytes()).unwrap();
    fs::write(&path, pem::section("PRIVATE KEY", &zero) + certificate).unwrap();
    let error = house.try_open(&libtrust, noon()).unwrap_err().to_string();
    assert!(error.contains("begins with a zero byte"), "{error}");
    let other = signing_key::SigningKey::generate(Algorithm::Es256).unwrap();
    fs::write(
        &path,
        pem::section("PRIVATE KEY", other.pkcs8()) + certificate,
    )
    .unwrap();
    let error = house.try_open(&libtrust, noon()).unwrap_err().to_string();
    assert!(error.contains("not the certificate's"), "{error}");
}

#[test]
fn a_write_that_was_cut_short_does_no_harm() {
    let house = House::new();
    house.open(&x5c(), noon());
    fs::write(house.keys().join("ca/staged.new"), "half").unwrap();
    let signer = house.open(&x5c(), noon());
    signer.execute(KeyCommand::CaStage, noon()).unwrap();
    assert!(!house.keys().join("ca/staged.new").exists());
}

#[test]
fn a_key_that_was_being_written_when_its_writer_was_killed_is_removed_at_the_next_start() {
    let house = House::new();
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    house.open(&x5c(), noon());
    house.open(&libtrust, noon());
    let left = [
        "ca/staged.new",
        "leaves/ES256/1795435200001.new",
        "registries/prod/ES256/past-1795435200.new",
    ];
    for file in left {
        fs::write(house.keys().join(file), "half").unwrap();
    }
    house.open(&x5c(), noon());
    house.open(&libtrust, noon());
    for file in left {
        assert!(!house.keys().join(file).exists(), "{file}");
    }
}

#[test]
fn a_registry_whose_name_leads_elsewhere_keeps_no_key() {
    for name in ["../ca", "", ".hidden", "a/b"] {
        let house = House::new();
        let strange = Arc::new(Registry {
            name: name.into(),
            ..Registry::clone(&registry(Profile::Libtrust, Algorithm::Es256))
        });
        let error = house.try_open(&strange, noon()).unwrap_err();
        assert!(matches!(error, KeyError::RegistryName(_)), "{error}");
    }
}
