//! What a file may not say.

use super::*;

#[track_caller]
fn rule(text: &str) -> String {
    faults(&format!("[rule.x]\n{text}"))
}

#[test]
fn unknown_names_are_faults_with_a_suggestion() {
    assert_eq!(
        rule("from = ['githb']\npull = ['a']"),
        "'githb': unknown issuer `githb`; did you mean `github`?\n"
    );
    assert!(rule("from = ['anonymous']\npull = ['a']").contains("write `anonymous = true`"));
    assert!(rule("group = 'ops'\npull = ['a']").starts_with("'ops': unknown group `ops`"));
    assert!(
        rule("from = ['github']\nregistries = ['prd']\npull = ['a']")
            .contains("unknown registry `prd`; did you mean `prod`?")
    );
    let text = "[match.release]\nfork = false\n[rule.x]\nfrom = ['people']\nwhen = { match = 'relaese' }\npull = ['a']";
    assert_eq!(
        faults(text),
        "'relaese': unknown match `relaese`; did you mean `release`?\n"
    );
    assert!(faults("[images.githb]\n1 = ['a']").contains("did you mean `github`?"));
}

#[test]
fn exactly_one_key_says_who() {
    assert!(rule("pull = ['a']").contains("nobody is named"));
    assert!(rule("from = ['github']\nanonymous = true\npull = ['a']").contains("only one of"));
    let both = "[group]\ng = []\n[rule.x]\nfrom = ['github']\ngroup = 'g'\npull = ['a']";
    assert!(faults(both).contains("only one of"));
}

#[test]
fn a_rule_must_say_something() {
    assert!(rule("from = ['github']").contains("it gives nothing"));
    assert!(faults("[deny.x]\nfrom = ['github']").contains("it takes nothing"));
}

#[test]
fn with_two_registries_a_rule_says_where() {
    let text = "registries = ['a', 'b']\n[rule.x]\nfrom = ['github']\npull = ['a']";
    assert!(faults(text).contains("`registries` is required"));
}

#[test]
fn the_anonymous_have_no_facts_and_change_nothing() {
    for text in [
        "when = { fork = false }\npull = ['a']",
        "cel = 'true'\npull = ['a']",
        "push = ['a']",
        "delete = ['a']",
        "pull = ['a/{repository}']",
        "pull = ['{images}']",
    ] {
        let faults = rule(&format!("anonymous = true\n{text}"));
        assert!(faults.contains("anonymous callers"), "{text}: {faults}");
    }
}

#[test]
fn push_by_a_code_host_says_for_which_runs() {
    for (when, is_fault) in [
        ("", true),
        ("event = 'push'", true),
        ("ref = 'refs/heads/main'", true),
        ("event = 'push', fork = false", true),
        ("event = 'push', ref = 'refs/heads/main'", false),
        ("event = 'push', ref_protected = true", false),
        ("event = 'push', environment = 'prod'", false),
        ("match = 'both'", false),
        ("match = ['both', 'half']", true),
        ("event = 'push', match = 'other-half'", false),
    ] {
        for action in ["push", "delete"] {
            let text = format!(
                "[match.both]\nevent = 'push'\nref_protected = true\n[match.half]\nevent = 'tag'\n\
                 [match.other-half]\nref_protected = true\n[rule.x]\nfrom = ['github']\nwhen = {{ {when} }}\n{action} = ['a']"
            );
            let compiled = Policy::compile(&source(&text));
            assert_eq!(compiled.is_err(), is_fault, "{when}");
        }
    }
    policy("[rule.x]\nfrom = ['github']\nany_run = true\npush = ['a']");
    policy("[rule.x]\nfrom = ['cluster']\npush = ['a']");
    let group = "[group]\ng = [['github', '74']]\n[rule.x]\ngroup = 'g'\npush = ['a']";
    assert!(faults(group).contains("`any_run = true`"));
    assert!(faults("[deny.x]\nany_run = true\npush = ['a']").contains("says nothing in a deny"));
}

#[test]
fn a_pattern_must_be_able_to_mean_a_name() {
    for (pattern, message) in [
        ("", "empty pattern"),
        ("a***", "`***` means nothing"),
        ("Apps/*", "no repository name is like this"),
        ("a//b", "no repository name is like this"),
        ("apps/", "no repository name is like this"),
        ("a..b", "no repository name is like this"),
        ("apps/{repo}", "unknown placeholder `{repo}`"),
        ("apps/{repositry}", "did you mean `repository`?"),
        ("apps/{repository", "without its"),
        ("apps/repository}", "without its"),
        ("apps/{ref}", "unknown placeholder"),
        ("apps/{images}", "stands alone"),
        ("{repository}", "begin with a text"),
        ("{issuer}/x", "begin with a text"),
        ("*/{repository}", "begin with a text"),
    ] {
        let faults = rule(&format!("from = ['github']\npull = ['{pattern}']"));
        assert!(faults.contains(message), "{pattern}: {faults}");
    }
    for pattern in [
        "**",
        "a*",
        "*-x",
        "host:5000/**",
        "pr/{repository_id}/*",
        "a_*",
    ] {
        policy(&format!(
            "[rule.x]\nfrom = ['github']\npull = ['{pattern}']"
        ));
    }
    policy("[rule.x]\nfrom = ['github']\nallow_root = true\npull = ['{repository}']");
}

#[test]
fn a_wildcard_beside_a_placeholder_does_not_push() {
    for pattern in ["a/{repository}*", "a/{repository}**", "a/*{owner}"] {
        let faults = rule(&format!(
            "from = ['github']\nany_run = true\npush = ['{pattern}']"
        ));
        assert!(faults.contains("put a `/` between"), "{pattern}: {faults}");
    }
}

#[test]
fn matches_may_name_matches_but_not_themselves() {
    policy("[match.a]\nmatch = 'b'\n[match.b]\nfork = false");
    for text in [
        "[match.a]\nmatch = 'a'",
        "[match.a]\nmatch = 'b'\n[match.b]\nmatch = ['c', 'a']\n[match.c]\nfork = true",
    ] {
        assert!(faults(text).contains("names itself"), "{text}");
    }
}

#[test]
fn matches_that_double_with_each_name_are_bounded() {
    let doubling = |levels: usize| {
        let tables = (1..=levels).map(|level| {
            let below = level - 1;
            format!("[match.m{level}]\nmatch = ['m{below}', 'm{below}']\n")
        });
        let top = format!(
            "[rule.x]\nfrom = ['people']\nwhen = {{ match = 'm{levels}' }}\npull = ['a']\n"
        );
        format!(
            "[match.m0]\nfork = false\n{}{top}",
            tables.collect::<String>()
        )
    };
    policy(&doubling(9));
    let faults = faults(&doubling(60));
    assert!(
        faults.starts_with("'m10': with match `m10` these are more than 1024 conditions"),
        "{faults}"
    );
}

#[test]
fn the_wildcards_of_a_pattern_are_bounded() {
    let rule = |pattern: &str| format!("[rule.x]\nfrom = ['people']\npull = ['{pattern}']\n");
    policy(&rule(&"a*/".repeat(15)).replace("/'", "/**'"));
    for pattern in [
        "a*".repeat(17),
        "a/**/".repeat(17) + "a",
        "a/{user}/".repeat(17) + "a",
    ] {
        let faults = faults(&rule(&pattern));
        assert!(faults.contains("more than 16 wildcards"), "{faults}");
    }
}
