//! The mark that tells a folder of `portpass dev` from one of `portpass serve`.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use super::DevError;

/// The marker file's name.
const MARKER: &str = "portpass-dev";

/// What it says to whoever finds it.
const TEXT: &str = "This folder belongs to `portpass dev`. It can be removed at any time.\n";

/// Whether `portpass dev` made this folder its own.
pub fn is_dev(folder: &Path) -> bool {
    folder.join(MARKER).exists()
}

/// Makes the folder one of `portpass dev`, if it is new, empty, or one already.
///
/// # Errors
///
/// If it holds something else, or cannot be made.
pub fn claim(folder: &Path) -> Result<(), DevError> {
    if is_dev(folder) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(DevError::at(folder))?;
    let mut entries = fs::read_dir(folder).map_err(DevError::at(folder))?;
    if entries.next().is_some() {
        return Err(DevError::ForeignFolder {
            folder: folder.to_owned(),
        });
    }
    // It may lie in a working copy, and it holds keys.
    for (name, text) in [(".gitignore", "*\n"), (MARKER, TEXT)] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(DevError::at(path))?;
    }
    Ok(())
}

/// Refuses a folder of `portpass dev` to everything that serves in earnest.
///
/// # Errors
///
/// If the folder is marked.
pub fn refuse(folder: &Path) -> Result<(), DevError> {
    if is_dev(folder) {
        return Err(DevError::DevFolder {
            folder: folder.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_is_claimed_and_then_refused_to_serve() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        assert!(!is_dev(&folder));
        refuse(&folder).unwrap();
        claim(&folder).unwrap();
        claim(&folder).unwrap();
        assert!(is_dev(&folder));
        let error = refuse(&folder).unwrap_err().to_string();
        assert!(error.contains("belongs to `portpass dev`"), "{error}");
    }

    #[test]
    fn a_folder_with_a_store_is_not_claimed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("portpass.db"), "").unwrap();
        let error = claim(folder.path()).unwrap_err();
        assert!(matches!(error, DevError::ForeignFolder { .. }), "{error}");
        assert!(!is_dev(folder.path()));
    }
}
