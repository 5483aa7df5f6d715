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

[issuer.gitlab]
kind = "gitlab"
audience = ["a"]
accept_jwt_again = true

[test.squatter]
registry = "prod"

[admin]
listen = "127.0.0.1:9000"
"#), @"");
}
