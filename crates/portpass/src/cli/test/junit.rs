//! What came of tests as `JUnit`'s XML: `testsuites`, one `testsuite`, and a `testcase` for each.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::report;
use crate::trial::TestResult;

const TAKES: &str = "a string takes every write";

/// The document.
pub(super) fn text(results: &[TestResult], places: &[String], took: SignedDuration) -> String {
    let failed = results.iter().filter(|result| !result.passed).count();
    let counts = format!(
        "name=\"portpass test\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{:.3}\"",
        results.len(),
        took.as_secs_f64().max(0.0),
    );
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite {counts} \
         skipped=\"0\">\n"
    );
    for (result, place) in results.iter().zip(places) {
        let registry = escaped(&result.registry);
        let name = escaped(&result.name);
        write!(
            text,
            "    <testcase classname=\"portpass.{registry}\" name=\"{name}\""
        )
        .expect(TAKES);
        if result.passed {
            text.push_str("/>\n");
            continue;
        }
        let message = escaped(&result.complaint());
        let why = escaped(&format!("{place}\n{}", report::failure(result)));
        // In an element lines are lines.
        let why = why.replace("&#10;", "\n");
        write!(
            text,
            ">\n      <failure message=\"{message}\" type=\"unexpected\">{why}</failure>\n    \
             </testcase>\n"
        )
        .expect(TAKES);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// A text as an attribute has it; what XML 1.0 (§2.2) has no character for is shown as �.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::test::tests::{TESTS, results};

    #[test]
    fn each_test_is_a_case_and_failures_say_why() {
        let (results, places) = results(TESTS);
        let text = text(&results, &places, SignedDuration::from_millis(1234));
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="portpass test" tests="4" failures="3" errors="0" time="1.234">
          <testsuite name="portpass test" tests="4" failures="3" errors="0" time="1.234" skipped="0">
            <testcase classname="portpass.prod" name="branch-pushes">
              <failure message="test `branch-pushes` fails: expected granted, got refused at rules: push to apps/github/acme/web refused for acme/web (ref refs/heads/topic/login, event push, ref_protected false): no rule allows this with ref_protected as it is (reviewers &lt;push&gt; previews &amp; more)" type="unexpected">portpass.toml:31:10
          because reviewers &lt;push&gt; previews &amp; more
          github:74 asks prod for repository:apps/github/acme/web:pull,push
          - repository:apps/github/acme/web:pull,push
          + refused at rules
          the caller reads: push to apps/github/acme/web refused for acme/web (ref refs/heads/topic/login, event push, ref_protected false): no rule allows this with ref_protected as it is
          unmet: ref_protected, which is false
          rule.own-namespace  wants ref_protected, which is false, to be otherwise
          2 others            are for other callers or registries, or about other access
        </failure>
            </testcase>
            <testcase classname="portpass.prod" name="main-pulls-only">
              <failure message="test `main-pulls-only` fails: repository:apps/github/acme/web:push is given, and was not expected" type="unexpected">portpass.toml:37:10
          github:74 asks prod for repository:apps/github/acme/web:pull,push
            repository:apps/github/acme/web:pull
          + repository:apps/github/acme/web:push
          rule.own-namespace  matches
          2 others            are for other callers or registries, or about other access
        </failure>
            </testcase>
            <testcase classname="portpass.prod" name="own-name"/>
            <testcase classname="portpass.prod" name="squatter">
              <failure message="test `squatter` fails: expected refused at rules, got refused at pin: the JWT's owner is not one that this issuer is configured for" type="unexpected">portpass.toml:47:10
          a stranger asks prod for repository:apps/github/acme/web:pull,push
          - refused at rules
          + refused at pin
          the caller reads: the JWT's owner is not one that this issuer is configured for
          the operator reads: owner_id 999 is not pinned
        </failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn whatever_a_name_holds_stays_a_text() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{0}\u{1b}[31m\u{ffff}\n"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\u{fffd}[31m\u{fffd}&#10;"
        );
    }
}
