//! What later versions will know is refused by its name.

use super::*;

#[test]
fn tables_and_keys_of_later_versions_are_refused_by_name() {
    assert_snapshot!(complaint(r#"
[ledger]
keep = "30d"

[rule.shadow]
from = ["github"]
pull = ["**"]
mode = "shadow"
"#), @r#"
    error: `ledger` is not in this version
      --> portpass.toml:14:2
       |
    14 | [ledger]
       |  ^^^^^^

    error: `mode` is not in this version
      --> portpass.toml:20:1
       |
    20 | mode = "shadow"
       | ^^^^
    "#);
}

#[test]
fn what_a_later_key_stands_for_is_not_missed() {
    assert_snapshot!(complaint("[rule.shadow]\nmode = \"shadow\""), @r#"
    error: `mode` is not in this version
      --> portpass.toml:14:1
       |
    14 | mode = "shadow"
       | ^^^^
    "#);
}
