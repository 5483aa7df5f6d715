//! What later versions will know is refused by its name.

use super::*;

#[test]
fn tables_and_keys_of_later_versions_are_refused_by_name() {
    assert_snapshot!(complaint(r#"
[ledger]
keep = "30d"

[issuer.other]
kind = "github-actions"
within = "apps/**"
"#), @r#"
    error: `ledger` is not in this version
      --> portpass.toml:14:2
       |
    14 | [ledger]
       |  ^^^^^^

    error: `within` is not in this version
      --> portpass.toml:19:1
       |
    19 | within = "apps/**"
       | ^^^^^^
    "#);
}

#[test]
fn what_a_later_key_stands_for_is_not_missed() {
    assert_snapshot!(complaint("[issuer.partial]\nwithin = \"apps/**\""), @r#"
    error: `within` is not in this version
      --> portpass.toml:14:1
       |
    14 | within = "apps/**"
       | ^^^^^^
    "#);
}
