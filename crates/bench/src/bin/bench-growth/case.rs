//! What the server is started with: the cases that are compared.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What the server finds in its store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Case {
    /// Nothing; anew in each round.
    Empty,
    /// What a large installation has after some months.
    Filled,
}

impl Case {
    /// All of them, in the order in which they alternate.
    pub(crate) const ALL: [Self; 2] = [Self::Empty, Self::Filled];

    /// The word for it in what is printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Filled => "filled",
        }
    }
}

/// Where each case has its data.
#[derive(Debug)]
pub(crate) struct Folders(PathBuf);

impl Folders {
    /// Folders within this one.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder that holds them, and the server's files beside.
    pub(crate) fn parent(&self) -> &Path {
        &self.0
    }

    /// The data folder of a case.
    pub(crate) fn of(&self, case: Case) -> PathBuf {
        self.0.join(case.name())
    }

    /// Makes a case what it should be before the server is started on it.
    pub(crate) fn prepare(&self, case: Case) -> io::Result<()> {
        match case {
            Case::Empty => match fs::remove_dir_all(self.of(case)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            },
            Case::Filled => Ok(()),
        }
    }
}
