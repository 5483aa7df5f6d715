//! Templates over any facts: what is rendered is a name, and under its own prefix.

use scope::is_repository_name;

use super::somebody;
use crate::{
    decision::{
        Caller,
        glob::{self, Class, Step},
        overlap,
        pattern::{Cover, Pattern, PatternError},
        placeholder::Placeholder,
        template::Template,
        values::Values,
    },
    fuzzing::laws,
    identity::{Fact, Facts},
};

/// The facts that may stand in a template, in the order of an input's lines.
const FACTS: [Fact; 7] = [
    Fact::Repository,
    Fact::RepositoryId,
    Fact::Owner,
    Fact::OwnerId,
    Fact::Namespace,
    Fact::ServiceAccount,
    Fact::User,
];

/// The name of the issuer.
const ISSUER: &str = "github";

/// Bytes as a pattern and, a line each, the facts of a caller.
pub fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.split('\n');
    let pattern = lines.next().unwrap_or_default();
    let mut facts = Facts::default();
    for (fact, value) in FACTS.into_iter().zip(lines) {
        facts.set_text(fact, Some(value));
    }
    match Pattern::parse(pattern) {
        Ok(parsed) => {
            let printed = parsed.to_string();
            assert_eq!(printed, pattern, "a pattern is printed as it is written");
            match &parsed {
                Pattern::Glob(glob) => assert!(can_be(glob.steps(), &glob.example())),
                Pattern::Images => assert_eq!(pattern, "{images}"),
                Pattern::Template(template) => rendered(&parsed, template, facts),
            }
        }
        Err(error) => {
            let longest = match error {
                PatternError::ImagesWithText | PatternError::NoName | PatternError::Wild => 300,
                PatternError::Template(_) => 600 + pattern.len(),
            };
            assert!(error.to_string().len() <= longest, "{error}");
        }
    }
}

fn can_be(steps: &[Step], name: &str) -> bool {
    glob::matches(steps, name)
}

fn rendered(pattern: &Pattern, template: &Template, facts: Facts) {
    let supposed = somebody(ISSUER, facts, serde_json::Map::new());
    let values = Values::new(Caller::from(&supposed));
    for placeholder in template.placeholders() {
        if let Ok(value) = values.value(placeholder) {
            is_fit(placeholder, value);
        }
    }
    let wide = pattern.render_widely(&values, None);
    match template.render(&values) {
        Ok(glob) => {
            let steps = glob.steps();
            let name = glob.example();
            assert!(glob.matches(&name), "{glob} has an example");
            assert!(glob.to_string().starts_with(template.prefix()), "{glob}");
            assert!(wide.covers(&name), "a deny takes what an allow gives");
            let reach = template.reach(ISSUER);
            assert!(
                overlap::intersect(&reach, steps),
                "what is rendered was foreseen"
            );
            if steps.iter().all(|step| matches!(step, Step::Byte(_))) {
                assert!(is_repository_name(&name), "{name}");
                assert!(glob::matches(&reach, &name), "{name} was foreseen");
            }
            owned(template, &values, &name);
        }
        Err(unrendered) => {
            laws::is_brief(&unrendered);
            assert!(
                wide.covers(template.prefix()),
                "all under the prefix is denied"
            );
        }
    }
    assert!(matches!(wide, Cover::Rendered(_)));
}

/// What has an owner is the beginning of what was rendered.
fn owned(template: &Template, values: &Values<'_>, name: &str) {
    match template.namespace(values) {
        Ok(Some((namespace, _))) => {
            assert!(template.has_owner() && !namespace.owner.is_empty());
            let is_plain = !namespace.name.contains('*');
            assert!(
                !is_plain || name.starts_with(&namespace.name),
                "{namespace:?}"
            );
        }
        Ok(None) => assert!(!template.has_owner()),
        Err(unrendered) => laws::is_brief(&unrendered),
    }
}

/// What stands in a name for a placeholder cannot be another's, or leave its place.
fn is_fit(placeholder: Placeholder, value: &str) {
    assert!(is_repository_name(value) && !value.contains(':'), "{value}");
    assert!(
        !value.bytes().any(|byte| byte.is_ascii_uppercase()),
        "{value}"
    );
    let is_one_part = placeholder.class() == Class::Any || !value.contains('/');
    assert!(is_one_part, "{placeholder:?} {value}");
}
