//! The files for jobs: read by a YAML reader's rules, and made for this set-up.

use super::*;

/// The job's file for a platform and a builder.
fn job(line: &[&str], file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let public = ["--public-url", "https://registry.example.com"];
    let line: Vec<&str> = public.iter().chain(line).copied().collect();
    init(folder.path(), &line).unwrap();
    read(folder.path(), file)
}

#[test]
fn gitlab_builds_with_each_builder() {
    let of = |builder| {
        let line = ["--gitlab", "https://gitlab.example.com", "--builder", builder];
        job(&line, "gitlab-ci.yml")
    };
    insta::assert_snapshot!(of("docker"), @"");
    insta::assert_snapshot!(of("buildah"), @"");
    insta::assert_snapshot!(of("kaniko"), @"");
}

#[test]
fn github_builds_with_docker_and_buildah() {
    let of = |builder| {
        let line = ["--github", "acme", "--owner-id", "65", "--builder", builder];
        job(&line, "github-workflow.yml")
    };
    let docker = of("docker");
    insta::assert_snapshot!(docker, @"");
    assert_eq!(of("buildah"), docker.replace("docker ", "buildah "));
}

#[test]
fn forgejo_asks_for_its_jwt_in_its_own_way() {
    let line = ["--forgejo", "https://git.example.com", "--forgejo-owner", "acme"];
    insta::assert_snapshot!(job(&line, "forgejo-workflow.yml"), @"");
}

#[test]
fn a_pod_mounts_a_token_for_the_registry() {
    let of = |builder| {
        let line = ["--kubernetes", "https://cluster.example.com", "--builder", builder];
        job(&line, "pod.yaml")
    };
    insta::assert_snapshot!(of("buildah"), @"");
    insta::assert_snapshot!(of("kaniko"), @"");
}
