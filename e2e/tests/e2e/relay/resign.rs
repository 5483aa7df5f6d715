//! A token of ours for what the provider vouches for: stock registries, whatever the provider's keys are.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    portpass::access_token,
    provider::{JO, SAM},
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE},
};
use libtest_mimic::Trial;
use serde_json::json;

use super::{
    Beside, REPOSITORY, claims, job_pushes_and_pulls, pushes_and_pulls, refused_push, text,
};

/// How long the provider's access tokens live where a test waits for their end.
const LIFETIME: Duration = Duration::from_secs(2);

const BY_CLAIM: &str = "answer = \"resign\"\naccess = \"claim\"";
const BY_RULES: &str = "answer = \"resign\"";

/// Who pushes is the provider's word, from where is the platform's.
const RULES: &str = r#"
[rule.members]
from = ["github"]
when = { idp_groups = ["acl_docker_push"], event = "push", ref = "refs/heads/main" }
push = ["team/**"]

[rule.people]
from = ["authentik"]
when = { idp_groups = ["acl_docker_push"] }
push = ["team/**"]
"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            by_claim_a_job_pushes_to_stock_registries,
            Crane,
            Skopeo,
            DockerRegistry,
            Registry31,
            Node
        ),
        trial!(
            by_rules_a_job_pushes_to_stock_registries,
            Crane,
            Skopeo,
            DockerRegistry,
            Registry31,
            Node
        ),
        trial!(
            by_rules_the_providers_groups_and_the_platforms_facts_decide_together,
            Node
        ),
        trial!(
            by_rules_a_person_pushes_while_the_provider_lets_her,
            Docker,
            Crane,
            DockerRegistry,
            Node
        ),
        trial!(
            a_login_outlives_the_providers_token_and_a_push_ends_with_the_group,
            Docker,
            Crane,
            DockerRegistry,
            Node
        ),
        trial!(a_claim_is_cut_to_what_was_asked, Node),
        trial!(jobs_need_no_provider_where_it_is_not_to_be_asked, Node),
        trial!(a_stranger_gets_nothing, Node),
        trial!(new_keys_of_the_provider_need_no_restart, Node),
    ]
}

/// Both registries are stock, and neither knows the provider.
fn pushes_to_both(relay: &str, rules: &str) -> Result<()> {
    for kind in [Kind::V28, Kind::V31] {
        let beside = Beside::start_with(&json!({}), kind, relay, rules)?;
        let registry = beside.trusting_us(kind)?;
        for program in [Program::Skopeo, Program::Crane] {
            job_pushes_and_pulls(program, &beside.jwt()?, &registry, REPOSITORY)?;
        }
        let requests = beside.provider.requests()?;
        ensure!(!requests.is_empty());
        ensure!(
            requests
                .iter()
                .all(|one| one.parameter("password").is_none())
        );
    }
    Ok(())
}

fn by_claim_a_job_pushes_to_stock_registries() -> Result<()> {
    pushes_to_both(BY_CLAIM, "")
}

fn by_rules_a_job_pushes_to_stock_registries() -> Result<()> {
    pushes_to_both(BY_RULES, RULES)
}

fn by_rules_the_providers_groups_and_the_platforms_facts_decide_together() -> Result<()> {
    let beside = Beside::start(BY_RULES, RULES)?;
    let scope = ["repository:team/web:pull,push"];
    let granted = beside.portpass.token(SERVICE, &scope, &beside.jwt()?)?;
    let claims = claims(&granted)?;
    ensure!(text(&claims, "/iss") == beside.portpass.url(), "{claims}");
    let subject = text(&claims, "/sub");
    ensure!(
        subject.starts_with("github:74:"),
        "not the job's own identity: {subject}"
    );
    // Another branch is another user at the provider, and one that no group has.
    let dev = [("set", "ref=refs/heads/dev")];
    let dev = beside.issuer.signed("github", SERVICE, &dev)?;
    let refused = beside.portpass.token(SERVICE, &scope, &dev)?;
    ensure!(
        refused.status == 401,
        "{} {}",
        refused.status,
        refused.text()
    );
    Ok(())
}

fn by_rules_a_person_pushes_while_the_provider_lets_her() -> Result<()> {
    // Tokens of the provider's that end at once: what follows rests on its refresh token.
    let short = json!({"refresh": "rotate", "lifetime": 5});
    let beside = Beside::start_with(&short, Kind::V28, BY_RULES, RULES)?;
    let registry = beside.trusting_us(Kind::V28)?;
    let docker = Client::new(Program::Docker)?;
    docker.login_as(JO.0, &registry.host(), JO.1)?.succeeded()?;
    let stored = std::fs::read_to_string(docker.login_file())?;
    ensure!(
        stored.contains("identitytoken"),
        "docker stored the password"
    );
    let crane = Client::with_login_of(Program::Crane, &docker)?;
    for _ in 0..2 {
        pushes_and_pulls(&crane, &registry, REPOSITORY)?;
    }
    let requests = beside.provider.requests()?;
    let refreshed =
        |one: &&e2e::provider::TokenRequest| one.parameter("grant_type") == Some("refresh_token");
    ensure!(
        requests.iter().filter(refreshed).count() >= 2,
        "{requests:?}"
    );
    let passwords = requests
        .iter()
        .filter(|one| one.parameter("password").is_some());
    ensure!(passwords.count() == 1, "the password was sent again");

    beside.provider.deactivate(JO.0)?;
    let said = refused_push(&crane, &registry, REPOSITORY)?;
    ensure!(
        said.contains("the identity provider does not go on with the login"),
        "{said}"
    );
    // Whoever is in no group logs in, and pushes nothing.
    let sam = Client::new(Program::Crane)?;
    sam.login_as(SAM.0, &registry.host(), SAM.1)?.succeeded()?;
    refused_push(&sam, &registry, REPOSITORY)?;
    Ok(())
}

fn a_login_outlives_the_providers_token_and_a_push_ends_with_the_group() -> Result<()> {
    const PULL: &str = "\n[rule.pull]\nfrom = [\"authentik\"]\npull = [\"team/**\"]\n";
    let short = json!({"refresh": "keep", "lifetime": LIFETIME.as_secs()});
    let beside = Beside::start_with(&short, Kind::V28, BY_RULES, &format!("{RULES}{PULL}"))?;
    let registry = beside.trusting_us(Kind::V28)?;
    let docker = Client::new(Program::Docker)?;
    docker.login_as(JO.0, &registry.host(), JO.1)?.succeeded()?;
    let crane = Client::with_login_of(Program::Crane, &docker)?;

    // What the provider gave at the login is over; times are whole seconds.
    thread::sleep(LIFETIME + Duration::from_secs(1));
    pushes_and_pulls(&crane, &registry, REPOSITORY)?;

    beside.provider.leave(JO.0, "acl_docker_push")?;
    let said = refused_push(&crane, &registry, REPOSITORY)?;
    ensure!(said.contains("idp_groups"), "not what was unmet: {said}");
    // The login itself goes on.
    let image = crane.pull(&registry.image(REPOSITORY, "v1"))?;
    ensure!(image.starts_with("sha256:"), "{image}");
    Ok(())
}

fn a_claim_is_cut_to_what_was_asked() -> Result<()> {
    let beside = Beside::start(BY_CLAIM, "")?;
    beside.provider.fault("more-access")?;
    let scope = ["repository:team/web:pull"];
    let answer = beside.portpass.token(SERVICE, &scope, &beside.jwt()?)?;
    let claims = claims(&answer)?;
    let only = json!([{"type": "repository", "name": "team/web", "actions": ["pull"]}]);
    ensure!(claims.get("access") == Some(&only), "{claims}");
    Ok(())
}

fn jobs_need_no_provider_where_it_is_not_to_be_asked() -> Result<()> {
    let relay = format!("{BY_RULES}\njwt_grant = \"none\"");
    let beside = Beside::start(&relay, OWN_NAMESPACE)?;
    beside.provider.fault("down")?;
    let scope = ["repository:apps/github/acme/web:pull,push"];
    access_token(&beside.portpass.token(SERVICE, &scope, &beside.jwt()?)?)?;
    beside.provider.fault("none")?;
    ensure!(beside.provider.requests()?.is_empty());
    Ok(())
}

fn a_stranger_gets_nothing() -> Result<()> {
    for (relay, rules) in [(BY_CLAIM, ""), (BY_RULES, RULES)] {
        let beside = Beside::start(relay, rules)?;
        for stranger in beside.strangers()? {
            for scopes in [&["repository:team/web:pull"][..], &[]] {
                let answer = beside.portpass.token(SERVICE, scopes, &stranger)?;
                ensure!(
                    answer.status == 401,
                    "{relay}: {} {}",
                    answer.status,
                    answer.text()
                );
            }
        }
        ensure!(beside.provider.requests()?.is_empty());
    }
    Ok(())
}

fn new_keys_of_the_provider_need_no_restart() -> Result<()> {
    let beside = Beside::start(BY_RULES, RULES)?;
    let ask = || {
        let scope = ["repository:team/web:pull,push"];
        beside.portpass.token(SERVICE, &scope, &beside.jwt()?)
    };
    access_token(&ask()?)?;
    // With the old one published meanwhile.
    beside.provider.rotate(1)?;
    // A key that is not known is asked for at most once a minute, as any issuer's.
    let start = Instant::now();
    loop {
        let answer = ask()?;
        if answer.status == 200 {
            return Ok(());
        }
        ensure!(
            start.elapsed() < Duration::from_secs(75),
            "still {} {}",
            answer.status,
            answer.text()
        );
        thread::sleep(Duration::from_millis(500));
    }
}
