//! What a repository may be called.

/// The longest name that registries accept, in bytes.
const MAX_LENGTH: usize = 255;

/// What stands between the letters and digits of a component.
const SEPARATORS: [char; 3] = ['.', '_', '-'];

/// Whether a text is a repository name: path components of the OCI grammar,
/// after at most one host with a port, as distribution's scope grammar has it.
pub fn is_repository_name(text: &str) -> bool {
    let path = match text.split_once('/') {
        Some((host, path)) if is_host(host) => path,
        Some(_) | None => text,
    };
    text.len() <= MAX_LENGTH && path.split('/').all(is_component)
}

/// A host name, a colon and a port.
fn is_host(text: &str) -> bool {
    text.split_once(':').is_some_and(|(name, port)| {
        name.split('.').all(is_host_label)
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, as the OCI distribution specification
/// writes it.
fn is_component(text: &str) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'.' | b'_' | b'-');
    let mut runs = text
        .as_bytes()
        .chunk_by(|one, next| is_separator(one) == is_separator(next));
    runs.all(|run| match run {
        [b'.' | b'_'] | [b'_', b'_'] => true,
        [b'-', ..] => run.iter().all(|byte| *byte == b'-'),
        _ => run
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
    }) && !text.starts_with(SEPARATORS)
        && !text.ends_with(SEPARATORS)
        && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_grammar_are_names() {
        for name in [
            "a",
            "a/b",
            "a.b",
            "a_b",
            "a__b",
            "a--b",
            "a-b/c.d/e",
            "host:5000/a",
            "My-Host.example:5000/a/b",
        ] {
            assert!(is_repository_name(name), "{name}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        let long = "a".repeat(256);
        for name in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "..",
            "../a",
            "a/../b",
            "A",
            "a/B",
            "-a",
            "a-",
            "a___b",
            "a..b",
            "a._b",
            "a:b",
            "a b",
            "a\n",
            "ä",
            "host:/a",
            ":5000/a",
            "host:5000",
            "a/host:5000/b",
            long.as_str(),
        ] {
            assert!(!is_repository_name(name), "{name}");
        }
    }
}
