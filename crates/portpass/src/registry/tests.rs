//! Which registry verifies what, and the names in the file.

use std::fmt::Write as _;

use super::*;

#[test]
fn every_cell_of_the_table_is_decided() {
    let mut table = String::new();
    for cell in combinations() {
        if cell.algorithm == Algorithm::ALL[0] {
            write!(table, "\n{} {}:", cell.kind, cell.profile).unwrap();
        }
        match cell.verdict {
            Ok(()) => write!(table, " {}", cell.algorithm).unwrap(),
            Err(_) => write!(table, " -").unwrap(),
        }
    }
    assert_eq!(combinations().count(), 48);
    insta::assert_snapshot!(table.trim_start(), @r"
    distribution libtrust: EdDSA ES256 RS256
    distribution pinned: - - -
    distribution rfc7638: EdDSA ES256 RS256
    distribution x5c: EdDSA ES256 RS256
    distribution-2 libtrust: - ES256 RS256
    distribution-2 pinned: - - -
    distribution-2 rfc7638: - - -
    distribution-2 x5c: - ES256 RS256
    distribution-3.0 libtrust: EdDSA ES256 RS256
    distribution-3.0 pinned: - - -
    distribution-3.0 rfc7638: - - RS256
    distribution-3.0 x5c: EdDSA ES256 RS256
    zot libtrust: - - -
    zot pinned: EdDSA ES256 RS256
    zot rfc7638: - - -
    zot x5c: - - -
    ");
}

#[test]
fn the_names_are_those_that_serde_reads() {
    for kind in RegistryKind::ALL {
        assert_eq!(serde_json::json!(kind), kind.as_str());
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    for profile in Profile::ALL {
        assert_eq!(serde_json::json!(profile), profile.as_str());
        assert_eq!(profile.as_str().parse(), Ok(profile));
    }
    for algorithm in Algorithm::ALL {
        assert_eq!(serde_json::json!(algorithm), algorithm.as_str());
        assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
    }
    let unknown = "PS256".parse::<Algorithm>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        r#""PS256" is none of EdDSA, ES256, RS256"#
    );
}
