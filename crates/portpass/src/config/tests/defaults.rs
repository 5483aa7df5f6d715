//! What stands for keys that are not there.

use std::time::Duration;

use super::*;
use crate::registry::{Algorithm, Naming, Profile};

#[test]
fn the_least_file_loads() {
    let config = load_files(&[("portpass.toml", LEAST)]).unwrap();
    assert_eq!(config.public_url, "https://registry.example.com");
    assert_eq!(config.listen.http.to_string(), "127.0.0.1:8080");
    assert_eq!(config.listen.ops.to_string(), "127.0.0.1:9090");
    assert_eq!(config.limits.body_max_bytes.number(), 128 * 1024);
    assert_eq!(config.data_dir, Path::new("/var/lib/portpass"));
    let socket = Path::new("/var/lib/portpass/admin/portpass.sock");
    assert_eq!(config.admin_socket, socket);
    assert_eq!(config.log, LogSettings::default());
    assert_eq!(config.tls, None);
    let registry = &config.registries[0];
    assert_eq!(&*registry.name, "prod");
    assert_eq!(registry.naming, Naming::Profile(Profile::X5c));
    assert_eq!(registry.algorithm, Algorithm::Es256);
    assert_eq!(registry.token_ttl, Duration::from_mins(15));
    assert_eq!(registry.token_issuer, config.public_url);
    let issuer = &config.issuers[0];
    assert_eq!(issuer.name, "github");
    assert_eq!(issuer.session_max.value, Duration::from_hours(1));
    let limits = issuer.session_limits;
    assert_eq!(limits.max_uses, None);
    assert!(!limits.same_network && !limits.accept_jwt_again);
    assert!(config.policy.issuers["github"]);
    assert_eq!(config.policy.registries, ["prod"]);
}

#[test]
fn zot_has_a_profile_of_its_own() {
    let text = LEAST.replace("distribution", "zot");
    let config = load_files(&[("portpass.toml", &text)]).unwrap();
    assert_eq!(
        config.registries[0].naming,
        Naming::Profile(Profile::Pinned)
    );
}

#[test]
fn an_empty_file_lacks_all_that_is_required() {
    assert_snapshot!(load_files(&[("portpass.toml", "")]).unwrap_err(), @r#"
    error: `public_url` is missing; it is the address that clients see, as in "https://registry.example.com"
     --> portpass.toml:1:1
      |
    1 |
      | ^

    error: no registry is configured; add a `[registry.NAME]` with `service` and `kind`
     --> portpass.toml:1:1
      |
    1 |
      | ^
    "#);
}
