//! GitHub's `acme/web` and GitLab's `acme/web` never write the same repository.

use super::*;

#[test]
fn not_through_one_rule() {
    let text = |pattern| {
        format!("[rule.x]\nfrom = ['github', 'gitlab']\nany_run = true\npush = ['{pattern}']")
    };
    for pattern in [
        "apps/{repository}",
        "apps/{owner}/web",
        "apps/{repository_id}",
    ] {
        assert!(
            faults(&text(pattern)).contains("put `{issuer}` into it"),
            "{pattern}"
        );
    }
    let policy = policy(&text("apps/{issuer}/{repository}"));
    for (issuer, other) in [("github", "gitlab"), ("gitlab", "github")] {
        let own = format!("repository:apps/{issuer}/acme/web:push");
        assert_eq!(answer(&policy, run(issuer, &[]), &own), own);
        let others = format!("repository:apps/{other}/acme/web:push");
        assert_eq!(
            answer(&policy, run(issuer, &[]), &others),
            "refused: no_rule"
        );
    }
}

#[test]
fn not_through_two_rules() {
    let text = |one: &str, other: &str| {
        format!(
            "[rule.one]\nfrom = ['github']\nany_run = true\npush = ['{one}']\n\
             [rule.other]\nfrom = ['gitlab']\nany_run = true\npush = ['{other}']"
        )
    };
    for (one, other) in [
        ("apps/{repository}", "apps/{repository}"),
        ("apps/{repository}", "apps/{owner}/web"),
        ("apps/{repository}", "apps/{issuer}/{repository}"),
        ("apps/{repository}/x", "apps/acme/{repository_id}/x"),
        ("apps-{owner_id}", "apps-{owner_id}"),
    ] {
        let faults = faults(&text(one, other));
        assert!(
            faults.contains("can mean the same repository"),
            "{one} {other}: {faults}"
        );
    }
    for (one, other) in [
        ("apps/{issuer}/{repository}", "apps/{issuer}/{repository}"),
        ("hub/{repository}", "lab/{repository}"),
        ("apps/{repository}/hub", "apps/{repository}/lab"),
        ("a-{owner_id}", "a-{owner_id}/x"),
    ] {
        policy(&text(one, other));
    }
    let apart = text("apps/{repository}", "apps/{repository}")
        .replacen("any_run", "registries = ['prod']\nany_run", 1)
        .replacen("gitlab']\n", "gitlab']\nregistries = ['lab']\n", 1);
    policy(&format!("registries = ['prod', 'lab']\n{apart}"));
}

#[test]
fn not_through_a_group_of_several_issuers() {
    let text = "[group]\ng = [['github', '1'], ['gitlab', '1']]\n[rule.x]\ngroup = 'g'\nany_run = true\npush = ['apps/{repository}']";
    assert!(faults(text).contains("put `{issuer}` into it"));
}

#[test]
fn not_through_images() {
    let text = "[images.github]\n74 = ['web']\n[images.gitlab]\n20 = ['web']";
    assert!(faults(text).contains("`web` stands in `[images.github]` already"));
    policy("[images.github]\n74 = ['web']\n75 = ['web']");
}

#[test]
fn not_through_images_and_a_template() {
    let text = "[rule.x]\nfrom = ['github']\nany_run = true\npush = ['apps/{repository}']\n[images.ISSUER]\n74 = ['apps/acme/web']";
    for issuer in ["github", "gitlab"] {
        let faults = faults(&text.replace("ISSUER", issuer));
        assert!(
            faults.contains("could render for another identity"),
            "{faults}"
        );
    }
    policy(
        &text
            .replace("ISSUER", "gitlab")
            .replace("'apps/acme/web'", "'web'"),
    );
    assert!(faults("[images.github]\n74 = ['Web']").contains("not a repository name"));
}

#[test]
fn an_issuer_whose_name_begins_like_anothers_is_told_apart() {
    let mut source = source(
        "[rule.x]\nfrom = ['git', 'github']\nany_run = true\npush = ['apps/{issuer}{repository}']",
    );
    source.issuers.insert("git".to_owned(), true);
    let faults = Policy::compile(&source).unwrap_err();
    assert!(
        faults[0].message.contains("can mean the same repository"),
        "{faults:?}"
    );
}

#[test]
fn values_that_run_into_each_other_are_refused() {
    let compiles = |from: &str, push: &str| {
        let rule = format!("[rule.a]\nfrom = [\"{from}\"]\nany_run = true\npush = [\"{push}\"]");
        Policy::compile(&source(&rule)).is_ok()
    };
    for push in [
        "apps/{namespace}-{service_account}",
        "apps/{owner_id}{repository_id}",
        "apps/{owner}/{repository}",
        "apps/{repository}x{repository_id}",
    ] {
        assert!(!compiles("github", push), "{push}");
    }
    for push in [
        "apps/{namespace}/{service_account}",
        "apps/{owner_id}-{repository_id}",
        "apps/{issuer}-{repository}",
        "apps/{repository}/{repository_id}",
    ] {
        assert!(compiles("github", push), "{push}");
    }
}
