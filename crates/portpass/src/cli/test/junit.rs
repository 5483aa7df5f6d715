//! What came of tests as JUnit's XML: `testsuites`, one `testsuite`, and a `testcase` for each.

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
        let why = escaped(&format!("{place}\n{}", report::failure(result, place)));
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
        insta::assert_snapshot!(text, @"");
    }

    #[test]
    fn whatever_a_name_holds_stays_a_text() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{0}\u{1b}[31m\u{ffff}\n"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\u{fffd}[31m\u{fffd}&#10;"
        );
    }
}
