//! Questions: bounded, with defaults, each answer checked before the next.

use super::*;

/// What is asked where these lines answer, and the arguments after that.
fn answered(line: &[&str], answers: &str) -> (String, anyhow::Result<Init>) {
    let mut asked = Vec::new();
    let mut questions = Questions::new(answers.as_bytes(), &mut asked);
    let mut init = arguments(Path::new("."), line).unwrap();
    let filled = ask::fill(&mut init, &mut questions);
    (String::from_utf8(asked).unwrap(), filled.map(|()| init))
}

#[test]
fn every_question_has_a_default() {
    let (asked, init) = answered(&[], &"\n".repeat(7));
    insta::assert_snapshot!(asked.replace("]: ", "]:\n"), @r"
    The registry's software (distribution, distribution-3.0, distribution-2, zot) [distribution]:
    The address of Portpass that clients see [http://localhost:8080]:
    The host that clients push to [localhost:5000]:
    Where the jobs run that push (github, gitlab, forgejo, kubernetes) [github]:
    The organisation or user on GitHub [acme]:
    Its numeric id, if you know it [none]:
    What builds the image (buildah, docker, kaniko) [docker]:
    ");
    let mut init = init.unwrap();
    let folder = tempfile::tempdir().unwrap();
    folder.path().clone_into(&mut init.dir);
    write(&init, None, now()).unwrap();
    assert!(read(folder.path(), "portpass.toml").contains("PUT-THE-ID-HERE"));
}

#[test]
fn what_the_arguments_say_is_not_asked() {
    let line = [
        "--registry",
        "zot",
        "--github",
        "acme",
        "--registry-host",
        "r.example.com",
    ];
    let (asked, init) = answered(&line, "https://r.example.com\n");
    assert_eq!(asked.matches("]: ").count(), 1, "{asked}");
    assert_eq!(init.unwrap().public_url.unwrap(), "https://r.example.com");
}

#[test]
fn the_answers_for_each_platform_make_files_that_hold() {
    let first = "distribution-2\nhttps://registry.example.com\n\n";
    for (answers, file) in [
        ("github\nacme\n65\nbuildah\n", "github-workflow.yml"),
        (
            "gitlab\nhttps://gitlab.example.com\nacme/shop\n\nkaniko\n",
            "gitlab-ci.yml",
        ),
        ("gitlab\n\nacme\n9970\n\n", "gitlab-ci.yml"),
        ("forgejo\n\nacme\n66\ndocker\n", "forgejo-workflow.yml"),
        ("kubernetes\n\n\n\n\n", "pod.yaml"),
    ] {
        let (_, init) = answered(&[], &format!("{first}{answers}"));
        let mut init = init.unwrap();
        let folder = tempfile::tempdir().unwrap();
        folder.path().clone_into(&mut init.dir);
        write(&init, None, now()).unwrap();
        assert!(folder.path().join(file).exists(), "{file}");
        holds(folder.path());
    }
}

#[test]
fn an_answer_is_checked_at_once_and_asked_for_again() {
    let (asked, init) = answered(
        &["--registry", "zot"],
        "registry.example.com\nhttps://registry.example.com\n\ngithub\nacme\n65\n\n",
    );
    assert!(asked.contains("the address: "), "{asked}");
    assert!(init.is_ok());
    let (asked, init) = answered(&[], "harbor\nHarbor\n\u{1b}[31m\nx\ny\nz\n");
    let error = init.unwrap_err().to_string();
    assert!(error.contains("in 5 tries"), "{error}");
    assert!(
        asked.contains("`harbor` is none of distribution,"),
        "{asked}"
    );
    assert!(!asked.contains('\u{1b}'), "{asked}");
}

#[test]
fn answers_that_end_or_never_do_are_refused() {
    for (answers, part) in [
        (String::new(), "the answers ended"),
        ("zot\n".to_owned(), "the answers ended"),
        ("x".repeat(5000), "longer than 1024 bytes"),
    ] {
        let error = answered(&[], &answers).1.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
