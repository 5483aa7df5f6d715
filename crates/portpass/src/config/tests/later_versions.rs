//! What later versions will know is refused by its name.

use super::*;

#[test]
fn tables_and_keys_of_later_versions_are_refused_by_name() {
    assert_snapshot!(complaint(r#"
[store]
database_url = { file = "url" }

[relay]
upstream = "https://auth.example.com"

[group.people]
operators = true
members = []

[rule.shadow]
from = ["github"]
pull = ["**"]
mode = "shadow"

[test.squatter]
registry = "prod"

[admin]
listen = "127.0.0.1:9000"
"#), @r#"
    error: `database_url` is not in this version
      --> portpass.toml:15:1
       |
    15 | database_url = { file = "url" }
       | ^^^^^^^^^^^^

    error: `relay` is not in this version
      --> portpass.toml:17:2
       |
    17 | [relay]
       |  ^^^^^

    error: `operators` is not in this version
      --> portpass.toml:21:1
       |
    21 | operators = true
       | ^^^^^^^^^

    error: `mode` is not in this version
      --> portpass.toml:27:1
       |
    27 | mode = "shadow"
       | ^^^^

    error: `test` is not in this version
      --> portpass.toml:29:2
       |
    29 | [test.squatter]
       |  ^^^^

    error: `listen` is not in this version
      --> portpass.toml:33:1
       |
    33 | listen = "127.0.0.1:9000"
       | ^^^^^^
    "#);
}

#[test]
fn what_a_later_key_stands_for_is_not_missed() {
    assert_snapshot!(complaint("[group.people]\noperators = true"), @r"
    error: `operators` is not in this version
      --> portpass.toml:14:1
       |
    14 | operators = true
       | ^^^^^^^^^
    ");
}
