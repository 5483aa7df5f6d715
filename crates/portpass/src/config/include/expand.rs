//! Which files an `include` pattern names.

use std::path::{Path, PathBuf};

/// The files that a pattern names, sorted; `folder` is where a relative
/// pattern begins.
///
/// `*` and `?` stand for parts of one file or folder name, and never for a
/// leading dot: that keeps out what editors and Kubernetes leave in a folder.
///
/// # Errors
///
/// The folder or, without a wildcard, the file is not there; or `**`.
pub(in crate::config) fn expand(pattern: &str, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![match pattern.strip_prefix('/') {
        Some(_) => PathBuf::from("/"),
        None => folder.to_owned(),
    }];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part.contains("**") {
            return Err("`**` is not known here; name each folder".to_owned());
        }
        found = if part.contains(['*', '?']) {
            let mut matching = Vec::new();
            for folder in &found {
                matching.append(&mut matches_in(folder, part)?);
            }
            matching
        } else {
            found.into_iter().map(|folder| folder.join(part)).collect()
        };
    }
    if pattern.contains(['*', '?']) {
        found.retain(|path| path.is_file());
        found.sort();
    }
    Ok(found)
}

/// The entries of a folder whose names match.
fn matches_in(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let unreadable =
        |error: std::io::Error| format!("the folder {} cannot be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name.to_str().is_some_and(|name| matches(pattern, name)) {
            found.push(if folder == Path::new(".") {
                PathBuf::from(name)
            } else {
                folder.join(name)
            });
        }
    }
    Ok(found)
}

/// Whether a name matches a pattern of `*`, `?` and plain characters.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    // One row of the classic table: which prefixes of the name the pattern
    // read so far can stand for.
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for symbol in pattern.chars() {
        let mut next = vec![false; reached.len()];
        let mut before = false;
        for (index, (to, from)) in next.iter_mut().zip(&reached).enumerate() {
            let previous = index.checked_sub(1);
            let character = previous.and_then(|previous| name.get(previous));
            let diagonal = previous.and_then(|previous| reached.get(previous)) == Some(&true);
            *to = match symbol {
                '*' => *from || before,
                '?' => diagonal,
                plain => diagonal && character == Some(&plain),
            };
            before = *to;
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_within_a_name() {
        for (pattern, name, expected) in [
            ("*.toml", "a.toml", true),
            ("*.toml", ".toml", false),
            ("*.toml", ".a.toml", false),
            (".*.toml", ".a.toml", true),
            ("*.toml", "a.toml~", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("?.toml", "ä.toml", true),
            ("?.toml", "ab.toml", false),
            ("", "", true),
            ("*", "..data", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_sorted_and_folders_are_walked() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["b/2.toml", "a/1.toml", "a/0.toml", "a/x.txt", "a/d.toml/y"] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = expand("?/*.toml", folder.path()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(found, ["a/0.toml", "a/1.toml", "b/2.toml"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_and_an_empty_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(expand("*.toml", folder.path()).unwrap().is_empty());
        let message = expand("rules.d/*.toml", folder.path()).unwrap_err();
        assert!(message.contains("rules.d cannot be read"), "{message}");
        assert!(expand("**/*.toml", folder.path()).is_err());
    }
}
