//! What is printed of what loads, and of what does not.

use std::path::Path;

use super::*;

const FILE: &str = r#"
public_url = "https://registry.example.com"
[store]
data_dir = "data"
[registry.main]
service = "registry.example.com"
kind = "distribution"
"#;

/// What is made of a file of this text; faults without the test's folder.
fn checked(text: &str) -> Result<Checked, Broken> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    fs::write(&path, text).unwrap();
    load(&Whence::File(path), Timestamp::UNIX_EPOCH)
}

#[test]
fn what_loads_is_summed_up() {
    let checked = checked(FILE).unwrap();
    insta::assert_snapshot!(summary(&checked.config), @r"
        ok
        registries: main
        issuers: none
        rules: 0, denies: 0, groups: 0
        store: SQLite in the data folder
        ");
    insta::assert_snapshot!(json_summary(&checked), @r#"{"ok":true,"registries":["main"],"issuers":[],"rules":[],"denies":[],"groups":[],"operators_groups":[],"store":"sqlite","admin_listen":null,"warnings":[],"findings":[]}"#);
}

#[test]
fn what_does_not_load_is_told_to_programs_too() {
    let error = checked(&FILE.replace("kind", "kinb")).unwrap_err();
    let faults = json_faults(&error);
    assert_eq!(faults["ok"], false);
    let fault = &faults["faults"][0];
    assert_eq!(fault["message"], "unknown key `kinb`; did you mean `kind`?");
    assert_eq!(
        (&fault["line"], &fault["column"], &fault["length"]),
        (&json!(7), &json!(1), &json!(4))
    );
}

#[test]
fn certificates_and_keys_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (crt, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
    fs::write(&crt, made().cert.pem()).unwrap();
    fs::write(&key, made().signing_key.serialize_pem()).unwrap();
    let files = format!(
        "certificate = '{}'\nkey = '{}'\n",
        crt.display(),
        key.display()
    );
    let tls = checked(&format!("{FILE}[tls]\n{files}")).unwrap_err();
    assert!(matches!(tls, Broken::Tls(_)), "{tls}");
    let ca = files.replace('\n', ", ");
    let ca = checked(&format!(
        "{FILE}[keys]\nca = {{ {} }}\n",
        ca.trim_end_matches(", ")
    ))
    .unwrap_err();
    assert!(matches!(ca, Broken::Keys(_)), "{ca}");
}

#[test]
fn what_loads_and_does_not_compile_is_told_too() {
    let rule = "[rule.nobody]\npull = [\"**\"]\n";
    let error = checked(&format!("{FILE}{rule}")).unwrap_err();
    assert!(error.to_string().contains("[rule.nobody]"), "{error}");
}

/// A rule with an error, a warning and a note.
const RULE: &str = r#"
[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[rule.web]
from = ["github"]
when = { repository = "acme/web", event = ["push", "workflow_run"], ref = "refs/heads/main" }
push = ["prod/web"]
"#;

fn check(deny: Level) -> Check {
    Check {
        deny,
        notes: false,
        sarif: None,
    }
}

fn found() -> Checked {
    let mut checked = checked(&format!("{FILE}{RULE}")).unwrap();
    // Not the folder of the test, which has another name each time.
    checked.findings.retain(|finding| finding.table.is_some());
    checked
}

#[test]
fn findings_are_shown_with_their_lines() {
    insta::assert_snapshot!(without_folder(&found()), @r#"
    warning[PP002]: `repository` is a name, which somebody else can come to have
      --> portpass.toml:16:8
       |
    16 | when = { repository = "acme/web", event = ["push", "workflow_run"], ref = "refs/heads/main" }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       why: Names are given up, renamed and taken by others: a rule that names `acme/web` is for whoever
            has that name today, and a deny can be left by renaming. The platform never gives an id
            twice.
       mend: Add `repository_id` or `owner_id` beside the name, or in its place. For people, and for
             accounts of bots, write a group with their ids as `members`.

    error[PP005]: runs of `workflow_run` may push, which strangers set off
      --> portpass.toml:16:8
       |
    16 | when = { repository = "acme/web", event = ["push", "workflow_run"], ref = "refs/heads/main" }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       why: Runs of these events have the identity, the secrets and the default branch of the
            repository, and are set off by whoever opens a pull request. A workflow that builds what the
            pull request brings then pushes a stranger's image under your name.
       mend: Name the events that only those can set off who may push code: `event = ["push", "tag"]`.
             Build what others propose in a run of `pull_request`, and give it a place of its own.

    findings: 1 error, 1 warning, 1 note (shown by --notes)
    "#);
}

/// The report without the folder of the test.
fn without_folder(checked: &Checked) -> String {
    let report = annotated::findings(checked, false);
    let lines = report
        .trim_start()
        .lines()
        .map(|line| match line.split_once("--> ") {
            Some((gutter, place)) => {
                let file = place.rsplit('/').next().unwrap();
                format!("{gutter}--> {file}\n")
            }
            None => format!("{line}\n"),
        });
    lines.collect()
}

#[test]
fn the_exit_code_says_how_bad_it_is() {
    let code = |deny, checked: &Result<Checked, Broken>| format!("{:?}", check(deny).code(checked));
    let of = |number: u8| format!("{:?}", ExitCode::from(number));
    let found = Ok(found());
    for level in [Level::Note, Level::Warning, Level::Error] {
        assert_eq!(code(level, &found), of(3), "{level}");
        assert_eq!(code(level, &checked(FILE)), of(0), "{level}");
        assert_eq!(code(level, &checked("nonsense")), of(1), "{level}");
    }
    let mild = RULE.replace(", \"workflow_run\"", "");
    let mild = checked(&format!("{FILE}{mild}"));
    assert_eq!(code(Level::Error, &mild), of(0));
    assert_eq!(code(Level::Warning, &mild), of(3));
}

#[test]
fn programs_read_findings_with_their_places() {
    let json = json_summary(&found());
    let finding = &json["findings"][1];
    assert_eq!(finding["code"], "PP005");
    assert_eq!(finding["level"], "error");
    assert_eq!(finding["table"], "rule.web");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&json!(16), &json!(8))
    );
}

#[test]
fn code_scanning_reads_findings_and_faults() {
    let log = sarif::log(&Ok(found()));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 3, "{results:?}");
    for result in results {
        let is_of = |rule: &&Value| rule["id"] == result["ruleId"];
        assert_eq!(rules.iter().filter(is_of).count(), 1, "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        assert!(region["startLine"].as_u64() >= Some(1), "{result}");
        assert!(
            region["endColumn"].as_u64() > region["startColumn"].as_u64(),
            "{result}"
        );
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.ends_with("/portpass.toml"), "{uri}");
        let fingerprint = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(fingerprint.as_str().unwrap().ends_with(":1"), "{result}");
    }
    let log = sarif::log(&checked(&FILE.replace("kind", "kinb")));
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&json!("fault"), &json!("error"))
    );
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        7
    );
}

/// What is found that somebody should look at.
fn worth_a_look(path: &Path) -> Vec<String> {
    // Fixtures hold times from some minutes before.
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let checked = load(&Whence::File(path.to_owned()), now).unwrap();
    let findings = checked.findings.iter();
    findings
        .filter(|finding| finding.lint.level > Level::Note)
        .map(|finding| format!("{}: {}", finding.lint.code, finding.message))
        .collect()
}

#[test]
fn nothing_is_found_in_the_files_that_are_written_for_newcomers() {
    let folder = tempfile::tempdir().unwrap();
    let dev = folder.path().join("dev");
    let listen = "127.0.0.1:8080".parse().unwrap();
    let dev = crate::dev::DevSettings::prepare(&dev, listen, "localhost:5000").unwrap();
    assert_eq!(worth_a_look(&dev.config()), [""; 0]);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let example = fs::read_to_string(root.join("portpass.example.toml")).unwrap();
    let path = folder.path().join("portpass.toml");
    fs::write(&path, example).unwrap();
    assert_eq!(worth_a_look(&path), [""; 0]);
}
